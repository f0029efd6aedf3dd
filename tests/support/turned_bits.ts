import { extent } from "./test_with.ts";

/** Copies of bytes with one bit turned: each bit in a slow run, else one of each byte. */
export function* withTurnedBits(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const at = bit >> 3;
    if (extent !== "slow" && bit % 8 !== at % 8) continue;
    const turned = bytes.slice();
    turned[at] = (turned[at] ?? 0) ^ (1 << (bit & 7));
    yield turned;
  }
}
