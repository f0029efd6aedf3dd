/** How fast keys are made and messages encrypted. */

import {
  decryptKey,
  encryptKey,
  generateKeyPair,
  generateSymmetricKey,
  legacyDecrypt,
  legacyEncrypt,
} from "../shared/crypto.ts";

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
