/**
 * How fast keys are made, and how fast encryption in pieces is against one call
 * of WebCrypto for the whole buffer, the baseline.
 */

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
import { PIECE_SIZE } from "../../shared/wire/buffers.ts";

const pair = await generateKeyPair();
const key = await generateSymmetricKey();
const encryptedKey = await encryptKey(pair.publicKey, key);
const large = new Uint8Array(64 << 20);
const sealedLarge = await legacyEncrypt(key, large);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_SIZE) {
    yield await Promise.resolve(bytes.subarray(at, at + PIECE_SIZE));
  }
}

const works: Record<string, Record<string, () => Promise<unknown>>> = {
  "RSA-1024": {
    "make a key pair": () => generateKeyPair(),
    "encrypt a key": () => encryptKey(pair.publicKey, key),
    "decrypt a key": () => decryptKey(pair.privateKey, encryptedKey),
  },
  "encrypt 64 MiB": {
    "one buffer": () => legacyEncrypt(key, large),
    "pieces of 1 MiB": async () => {
      for await (const _ of legacyEncryptPieces(key, pieces(large)));
    },
  },
  "decrypt 64 MiB": {
    "one buffer": () => legacyDecrypt(key, sealedLarge),
    "pieces of 1 MiB": async () => {
      for await (const _ of legacyDecryptPieces(key, pieces(sealedLarge)));
    },
  },
};

for (const [group, members] of Object.entries(works)) {
  for (const [name, work] of Object.entries(members)) {
    const baseline = name === "one buffer";
    Deno.bench(`${group}: ${name}`, { group, baseline }, async () => {
      await work();
    });
  }
}
