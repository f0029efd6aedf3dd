/** How fast keys are made and messages encrypted. */

import { PIECE_SIZE } from "../../shared/crypto/pieces.ts";
import {
  decryptKey,
  encryptKey,
  generateKeyPair,
  generateSymmetricKey,
  legacyDecrypt,
  legacyDecryptPieces,
  legacyEncrypt,
  legacyEncryptPieces,
} from "../../shared/crypto/crypto.ts";

const pair = await generateKeyPair();
const key = await generateSymmetricKey();
const encryptedKey = await encryptKey(pair.publicKey, key);

Deno.bench("RSA-1024: make a key pair", { group: "RSA" }, async () => {
  await generateKeyPair();
});

Deno.bench("RSA-1024: encrypt a key", { group: "RSA" }, async () => {
  await encryptKey(pair.publicKey, key);
});

Deno.bench("RSA-1024: decrypt a key", { group: "RSA" }, async () => {
  await decryptKey(pair.privateKey, encryptedKey);
});

for (const [name, size] of [["1 KiB", 1024], ["16 MiB", 16 << 20]] as const) {
  const plaintext = new Uint8Array(size);
  const ciphertext = await legacyEncrypt(key, plaintext);
  Deno.bench(`AES-128-CBC, ${name}: encrypt`, { group: name }, async () => {
    await legacyEncrypt(key, plaintext);
  });
  Deno.bench(`AES-128-CBC, ${name}: decrypt`, { group: name }, async () => {
    await legacyDecrypt(key, ciphertext);
  });
}

// The baseline of each group is WebCrypto's own work on one buffer.
const LARGE = 64 << 20;
const large = new Uint8Array(LARGE);
const sealedLarge = await legacyEncrypt(key, large);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_SIZE) {
    yield await Promise.resolve(bytes.subarray(at, at + PIECE_SIZE));
  }
}

Deno.bench("AES-128-CBC, 64 MiB: encrypt one buffer", {
  group: "encrypt 64 MiB",
  baseline: true,
}, async () => {
  await legacyEncrypt(key, large);
});

Deno.bench("AES-128-CBC, 64 MiB: encrypt pieces of 1 MiB", {
  group: "encrypt 64 MiB",
}, async () => {
  for await (const _ of legacyEncryptPieces(key, pieces(large)));
});

Deno.bench("AES-128-CBC, 64 MiB: decrypt one buffer", {
  group: "decrypt 64 MiB",
  baseline: true,
}, async () => {
  await legacyDecrypt(key, sealedLarge);
});

Deno.bench("AES-128-CBC, 64 MiB: decrypt pieces of 1 MiB", {
  group: "decrypt 64 MiB",
}, async () => {
  for await (const _ of legacyDecryptPieces(key, pieces(sealedLarge)));
});
