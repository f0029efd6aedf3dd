import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes";
import { MemoryContent } from "../../../client/session/batch.ts";
import { ContactKeys } from "../../../client/session/opening.ts";
import { StoreDatabase } from "../../../client/store/database.ts";
import { ContactTable } from "../../../client/store/contact_table.ts";
import { KeyRing } from "../../../client/store/key_ring.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  DecryptError,
  encryptKey,
  exportSymmetricKey,
  generateKeyPair,
  generateSymmetricKey,
  legacyCiphertextSize,
  legacyEncrypt,
  legacyEncryptPieces,
} from "../../../shared/crypto/crypto.ts";
import { ZERO_ID } from "../../../shared/wire/protocol.ts";
import { FILES, testWith } from "../../support/test_with.ts";

Deno.test("all keys are kept to read, and files under an older one come out right", async () => {
  const me = await generateKeyPair();
  const known = new ContactKeys();
  const keys = [];
  for (let i = 0; i < 3; i++) {
    const key = await generateSymmetricKey();
    keys.push(key);
    await known.accept(me.privateKey, await encryptKey(me.publicKey, key));
  }
  // Of these, one in 256 passes the padding's check under a wrong key.
  for (let i = 0; i < 900; i++) {
    const key = keys[i % keys.length];
    if (key === undefined) throw new Error("no key");
    const content = crypto.getRandomValues(new Uint8Array(32));
    const sealed = await legacyEncrypt(key, content);
    const opened = await known.openPieces(new MemoryContent(sealed));
    assertEquals(opened.certainty, "certain");
    assertEquals(concat(await Array.fromAsync(opened.pieces)), content);
  }
});

testWith(
  FILES,
  "the last key seals, and an offered one only once it was taken",
  async () => {
    await using folder = await temporaryFolder();
    const database = new StoreDatabase(folder.path);
    const contacts = new ContactTable(database);
    const { row } = contacts.withId(ZERO_ID);
    const ring = new KeyRing(database);
    const text = new TextEncoder().encode("hello");
    const opened = { plaintext: text, doubtful: false };
    const sealing = async () =>
      await ring.sealing(contacts.at(row), ZERO_ID) ?? "none";
    const opens = async (sealed: Uint8Array) =>
      await new ContactKeys(await ring.opening(row)).openText(sealed);
    assertEquals(await sealing(), "none");
    for (let i = 0; i < 2; i++) {
      const key = await generateSymmetricKey();
      const before = await sealing();
      const offer = ring.add(row, await exportSymmetricKey(key), ZERO_ID);
      assertEquals(await sealing(), before);
      // The response to the offer may have been lost: what comes back still opens.
      const sealed = await legacyEncrypt(key, text);
      assertEquals(await opens(sealed), opened);
      ring.use(row, offer);
      const used = await sealing();
      if (typeof used === "string") throw new Error("no key");
      assertEquals(await legacyEncrypt(used, text), sealed);
    }
    ring.use(row, undefined);
    assertEquals(await sealing(), "none");
    assertEquals((await ring.opening(row)).length, 2);
    database.close();
    await assertRejects(
      () => new ContactKeys().openText(new Uint8Array(16)),
      DecryptError,
    );
  },
);

Deno.test("a file is sealed and opened piece by piece, under any key that is known", async () => {
  const keys = await Promise.all([1, 2, 3].map(generateSymmetricKey));
  const [, sealing] = keys;
  if (sealing === undefined) throw new Error("no key");
  const known = new ContactKeys(keys, sealing);
  async function* cut(bytes: Uint8Array) {
    yield await Promise.resolve(bytes.subarray(0, 10));
    yield bytes.subarray(10);
  }
  for (const size of [0, 1, 15, 16, 17, 1 << 20, (1 << 20) + 40]) {
    const plaintext = new Uint8Array(size).fill(size);
    const sealed = legacyEncryptPieces(sealing, cut(plaintext));
    const bytes = concat(await Array.fromAsync(sealed));
    assertEquals(bytes.length, legacyCiphertextSize(size));
    const { pieces } = await known.openPieces(new MemoryContent(bytes));
    assertEquals(concat(await Array.fromAsync(pieces)), plaintext);
  }
  const other = new ContactKeys();
  for (const size of [0, 15, 16, 33]) {
    const content = new MemoryContent(new Uint8Array(size));
    await assertRejects(() => other.openPieces(content), DecryptError);
  }
  for (const size of [0, 15, 33]) {
    const content = new MemoryContent(new Uint8Array(size));
    await assertRejects(() => known.openPieces(content), DecryptError);
  }
});
