import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  makeRelayKey,
  readRelayKey,
  relayKeyFiles,
  switchRelayKey,
} from "../../../server/secure/port/relay_key.ts";
import { platforms } from "../../../shared/platform/platform.ts";
import { seedOf, sign, verify } from "../../../shared/secure/ed25519.ts";
import { assertMode } from "../../support/file_mode.ts";
import { FILES, lacking, testWith } from "../../support/test_with.ts";

testWith(FILES, "a relay's key is made once and read again", async () => {
  await using folder = await temporaryFolder();
  const { current } = relayKeyFiles(folder.path);
  assertEquals(await readRelayKey(current), undefined);
  // Relays that share a folder may start at the same time.
  const made = await Promise.all([1, 2, 3].map(() => makeRelayKey(current)));
  const read = await readRelayKey(current);
  for (const { publicKey } of made) {
    assertEquals(publicKey, read?.publicKey);
  }
  assertEquals(await namesIn(folder.path), ["relay.key"]);
  if (read === undefined) return;
  const message = new Uint8Array(5);
  const signature = await sign(read, message);
  assertEquals(await verify(read.publicKey, signature, message), true);
  const text = await Deno.readTextFile(current);
  const seed = await seedOf(read);
  assertEquals(
    text.replace(/^(#.*\n)+/, ""),
    `public ${base64url(read.publicKey)}\nseed ${base64url(seed)}\n`,
  );
  await assertMode(current, 0o600);
});

testWith(FILES, "a file that is no key to trust is refused", async () => {
  await using folder = await temporaryFolder();
  const { current } = relayKeyFiles(folder.path);
  await makeRelayKey(current);
  const text = await Deno.readTextFile(current);
  const seed = text.slice(-44, -1);
  const other = seed.replace(/./, (first) => first === "A" ? "B" : "A");
  for (
    const damaged of [
      "",
      text.slice(0, -10),
      text.replace(seed, other),
      text.replace("public", "private"),
      `${text}${text}`,
    ]
  ) {
    await Deno.writeTextFile(current, damaged);
    await assertRejects(
      () => readRelayKey(current),
      Error,
      `${current} is damaged: put your copy of it back; `,
    );
  }
  // An editor of another system may have touched it.
  await Deno.writeTextFile(current, text.replaceAll("\n", "\r\n"));
  assertEquals(
    base64url((await readRelayKey(current))?.publicKey),
    publicIn(text),
  );
});

testWith(
  FILES,
  "a key that other users may read is refused",
  async () => {
    await using folder = await temporaryFolder();
    const { current } = relayKeyFiles(folder.path);
    await makeRelayKey(current);
    for (const mode of [0o640, 0o604, 0o622]) {
      await Deno.chmod(current, mode);
      await assertRejects(
        () => readRelayKey(current),
        Error,
        `${current} is open to other users (mode ${
          mode.toString(8)
        }): chmod 600 it; `,
      );
    }
    // Where modes say nothing, the folder's place does, which the doctor judges.
    const key = await readRelayKey(current, platforms.windows);
    assertNotEquals(key, undefined);
  },
  lacking("file modes"),
);

testWith(FILES, "the next key takes the place of the current one", async () => {
  await using folder = await temporaryFolder();
  const files = relayKeyFiles(folder.path);
  const first = await makeRelayKey(files.current);
  await assertRejects(
    () => switchRelayKey(files),
    Error,
    `There is no ${files.next}: make a next key with messageu-admin key --new`,
  );
  const next = await makeRelayKey(files.next);
  assertNotEquals(next.publicKey, first.publicKey);
  assertEquals((await readRelayKey(files.current))?.publicKey, first.publicKey);
  await Deno.writeTextFile(files.next, "nonsense");
  await assertRejects(() => switchRelayKey(files), Error, "is damaged");
  assertEquals((await readRelayKey(files.current))?.publicKey, first.publicKey);
  await Deno.remove(files.next);
  const again = await makeRelayKey(files.next);
  await switchRelayKey(files);
  assertEquals((await readRelayKey(files.current))?.publicKey, again.publicKey);
  assertEquals(await namesIn(folder.path), ["relay.key"]);
});

const base64url = (bytes?: Uint8Array) =>
  bytes?.toBase64({ alphabet: "base64url", omitPadding: true });

const publicIn = (text: string) => /^public (.+)$/m.exec(text)?.[1];
