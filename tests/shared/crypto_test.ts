import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import {
  DecryptError,
  decryptKey,
  encryptKey,
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
  generateSymmetricKey,
  importPrivateKey,
  importPublicKey,
  importSymmetricKey,
  legacyDecrypt,
  legacyEncrypt,
} from "../../shared/crypto/crypto.ts";
import { FormatError } from "../../shared/wire/format_error.ts";

const rawKey = fc.uint8Array({ minLength: 16, maxLength: 16 });
const plaintexts = fc.uint8Array({ maxLength: 200 }).map((bytes) =>
  new Uint8Array(bytes)
);

async function raw(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

Deno.test("our key pairs have a public key of 160 bytes and come back", async () => {
  const pair = await generateKeyPair();
  const spki = await exportPublicKey(pair.publicKey);
  assertEquals(spki.length, 160);
  const key = await generateSymmetricKey();
  const encrypted = await encryptKey(await importPublicKey(spki), key);
  assertEquals(encrypted.length, 128);
  const pkcs8 = await exportPrivateKey(pair.privateKey);
  const opened = await decryptKey(await importPrivateKey(pkcs8), encrypted);
  assertEquals(await raw(opened), await raw(key));
});

Deno.test("each encryption of a key looks different", async () => {
  const { publicKey } = await generateKeyPair();
  const key = await generateSymmetricKey();
  assertNotEquals(
    await encryptKey(publicKey, key),
    await encryptKey(publicKey, key),
  );
});

Deno.test("node:crypto opens the keys that we encrypt, and we its", async () => {
  const pair = await generateKeyPair();
  const nodePrivate = createPrivateKey({
    key: await exportPrivateKey(pair.privateKey) as never,
    format: "der",
    type: "pkcs8",
  });
  const nodePublic = createPublicKey({
    key: await exportPublicKey(pair.publicKey) as never,
    format: "der",
    type: "spki",
  });
  const oaep = {
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: "sha1",
  };
  const key = await generateSymmetricKey();
  const ours = await encryptKey(pair.publicKey, key);
  const opened = privateDecrypt({ key: nodePrivate, ...oaep }, ours);
  assertEquals(new Uint8Array(opened), await raw(key));
  const theirs = publicEncrypt({ key: nodePublic, ...oaep }, await raw(key));
  assertEquals(
    await raw(await decryptKey(pair.privateKey, theirs)),
    await raw(key),
  );
});

Deno.test("node:crypto decrypts what we encrypt, and we what it encrypts", async () => {
  const iv = new Uint8Array(16);
  await fc.assert(
    fc.asyncProperty(rawKey, plaintexts, async (bytes, plaintext) => {
      const key = await importSymmetricKey(bytes);
      const ciphertext = await legacyEncrypt(key, plaintext);
      assertEquals(
        ciphertext.length,
        16 * (Math.floor(plaintext.length / 16) + 1),
      );
      const decipher = createDecipheriv("aes-128-cbc", bytes, iv);
      const opened = [...decipher.update(ciphertext), ...decipher.final()];
      assertEquals(new Uint8Array(opened), plaintext);
      const cipher = createCipheriv("aes-128-cbc", bytes, iv);
      const theirs = [...cipher.update(plaintext), ...cipher.final()];
      assertEquals(
        await legacyDecrypt(key, new Uint8Array(theirs)),
        plaintext,
      );
    }),
  );
});

Deno.test("bytes that are no key are refused with a FormatError", async () => {
  const { publicKey, privateKey } = await generateKeyPair();
  const spki = await exportPublicKey(publicKey);
  const pkcs8 = await exportPrivateKey(privateKey);
  const trailing = new Uint8Array([...spki, 0, 1]);
  for (
    const bytes of [
      new Uint8Array(0),
      new Uint8Array(160),
      new Uint8Array(160).fill(0x11),
      spki.subarray(0, 159),
      pkcs8,
      trailing,
    ]
  ) {
    await assertRejects(() => importPublicKey(bytes), FormatError, "publicKey");
  }
  for (const bytes of [spki, pkcs8.subarray(1), pkcs8.subarray(0, 300)]) {
    await assertRejects(
      () => importPrivateKey(bytes),
      FormatError,
      "privateKey",
    );
  }
  for (const size of [0, 15, 17, 32]) {
    await assertRejects(
      () => importSymmetricKey(new Uint8Array(size)),
      FormatError,
      `expected 16 bytes, got ${size}`,
    );
  }
});

Deno.test("what isn't for us, or isn't whole, is a DecryptError", async () => {
  const mine = await generateKeyPair();
  const yours = await generateKeyPair();
  const key = await generateSymmetricKey();
  const sealed = await encryptKey(yours.publicKey, key);
  for (const bytes of [sealed, sealed.subarray(1), new Uint8Array(0)]) {
    await assertRejects(
      () => decryptKey(mine.privateKey, bytes),
      DecryptError,
    );
  }
  // Only 16 bytes are a symmetric key, whatever was encrypted.
  const long = await crypto.subtle.encrypt(
    { name: "RSA-OAEP" },
    mine.publicKey,
    new Uint8Array(20),
  );
  await assertRejects(
    () => decryptKey(mine.privateKey, new Uint8Array(long)),
    DecryptError,
  );
  const ciphertext = await legacyEncrypt(key, new Uint8Array(40));
  for (const size of [0, 15, 16, 32, 47]) {
    await assertRejects(
      () => legacyDecrypt(key, ciphertext.subarray(0, size)),
      DecryptError,
    );
  }
});

Deno.test("a 65537 key, which the protocol has no room for, isn't exported", async () => {
  const pair = await crypto.subtle.generateKey(
    {
      name: "RSA-OAEP",
      hash: "SHA-1",
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ["encrypt", "decrypt"],
  );
  await assertRejects(
    () => exportPublicKey(pair.publicKey),
    FormatError,
    "expected 160 bytes, got 162",
  );
});
