import { legacyPadding } from "../../../shared/crypto/crypto.ts";
import type { Letter } from "./person.ts";

/**
 * A letter that none of the keys opens: of random bytes, one key in 256 finds
 * an end that looks like padding.
 */
export async function unopened(
  keys: readonly CryptoKey[],
  make: () => Promise<Letter> | Letter,
): Promise<Letter> {
  for (;;) {
    const letter = await make();
    const opens = await Promise.all(
      keys.map((key) =>
        legacyPadding(key, letter.message.content).then(
          () => true,
          () => false,
        )
      ),
    );
    if (!opens.includes(true)) return letter;
  }
}
