import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import { Channel } from "../../../client/session/channel.ts";
import { MemoryContent } from "../../../client/session/batch.ts";
import {
  DecryptError,
  encryptKey,
  generateKeyPair,
  generateSymmetricKey,
  legacyEncrypt,
} from "../../../shared/crypto/crypto.ts";

Deno.test("all keys are kept to read, and files under an older one come out right", async () => {
  const me = await generateKeyPair();
  const channel = new Channel();
  const keys = [];
  for (let i = 0; i < 3; i++) {
    const key = await generateSymmetricKey();
    keys.push(key);
    await channel.acceptKey(me.privateKey, await encryptKey(me.publicKey, key));
  }
  // Of these, one in 256 passes the padding's check under a wrong key.
  for (let i = 0; i < 900; i++) {
    const key = keys[i % keys.length];
    if (key === undefined) throw new Error("no key");
    const content = crypto.getRandomValues(new Uint8Array(32));
    const sealed = await legacyEncrypt(key, content);
    assertEquals(await channel.open(4, sealed), {
      plaintext: content,
      doubtful: false,
    });
  }
});

Deno.test("the last key seals, and an offered one only once it was taken", async () => {
  const [anna, ben] = [await generateKeyPair(), await generateKeyPair()];
  const [annas, bens] = [new Channel(), new Channel()];
  const text = new TextEncoder().encode("hello");
  const opened = { plaintext: text, doubtful: false };
  await assertRejects(() => annas.seal(3, text), Error, "symmetric key");

  const offer = await annas.offerKey(ben.publicKey);
  assertEquals(annas.canSeal, false);
  await bens.acceptKey(ben.privateKey, offer.content);
  // The answer to the offer may have been lost: what comes back still opens.
  assertEquals(await annas.open(3, await bens.seal(3, text)), opened);
  offer.use();
  assertEquals(annas.canSeal, true);
  assertEquals(await bens.open(3, await annas.seal(3, text)), opened);

  const second = await bens.offerKey(anna.publicKey);
  await annas.acceptKey(anna.privateKey, second.content);
  second.use();
  assertEquals(
    await annas.seal(3, text),
    await bens.seal(3, text),
  );
  await assertRejects(
    () => new Channel().open(3, new Uint8Array(16)),
    DecryptError,
  );
});

Deno.test("a file is sealed and opened piece by piece, under any key that is known", async () => {
  const keys = await Promise.all([1, 2, 3].map(generateSymmetricKey));
  const channel = new Channel(keys, keys[1]);
  assertEquals(channel.canSeal, true);
  async function* cut(bytes: Uint8Array) {
    yield await Promise.resolve(bytes.subarray(0, 10));
    yield bytes.subarray(10);
  }
  for (const size of [0, 1, 15, 16, 17, 1 << 20, (1 << 20) + 40]) {
    const plaintext = new Uint8Array(size).fill(size);
    const sealed = channel.sealPieces(cut(plaintext), size);
    const bytes = concat(await Array.fromAsync(sealed.pieces));
    assertEquals(bytes.length, sealed.size);
    const whole = await channel.open(4, bytes);
    assertEquals(whole.plaintext.length, size);
    const { pieces } = await channel.openPieces(new MemoryContent(bytes));
    assertEquals(concat(await Array.fromAsync(pieces)), plaintext);
  }
  const other = new Channel();
  const nothing = new Uint8Array(0);
  assertThrows(() => other.sealPieces(cut(nothing), 0), Error, "symmetric key");
  for (const size of [0, 15, 16, 33]) {
    const content = new MemoryContent(new Uint8Array(size));
    await assertRejects(() => other.openPieces(content), DecryptError);
  }
  for (const size of [0, 15, 33]) {
    const content = new MemoryContent(new Uint8Array(size));
    await assertRejects(() => channel.openPieces(content), DecryptError);
  }
});
