/**
 * The protocol's cryptography on WebCrypto (PUB-1, RSA-1 and AES-1 of docs/protocol.md):
 * RSA-OAEP with 1024 bits and SHA-1, AES-128-CBC with a zero IV.
 *
 * Both are weak by today's measure, and neither authenticates a ciphertext.
 * Every MessageU program uses them; `legacy` in a name marks them.
 *
 * @module
 */

import { FormatError } from "../wire/format_error.ts";
import { AES, DecryptError } from "./legacy_aes.ts";
import { PUBLIC_KEY_SIZE } from "../wire/protocol.ts";

export {
  DecryptError,
  LEGACY_TAIL_SIZE,
  legacyCiphertextSize,
  legacyDecrypt,
  legacyDecryptPieces,
  legacyEncrypt,
  legacyEncryptPieces,
  legacyPadding,
} from "./legacy_aes.ts";

const RSA = { name: "RSA-OAEP", hash: "SHA-1" } as const;
/** Bits of a public key's modulus. */
const MODULUS_BITS = 1024;
/** Bytes of a symmetric key. */
const SYMMETRIC_KEY_SIZE = 16;
/** Bytes of a symmetric key encrypted for a public key. */
export const ENCRYPTED_KEY_SIZE = 128;

/**
 * Generates an RSA key pair, in about 0.1 s. The exponent is 3: with 65537 the
 * public key takes 162 bytes and doesn't fit into the protocol's 160.
 */
export async function generateKeyPair(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(
    { ...RSA, modulusLength: 1024, publicExponent: new Uint8Array([3]) },
    true,
    ["encrypt", "decrypt"],
  );
}

/**
 * Exports a public key as its 160 bytes of X.509 SubjectPublicKeyInfo.
 *
 * @throws {FormatError} if it has another size
 */
export async function exportPublicKey(
  key: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const der = new Uint8Array(await crypto.subtle.exportKey("spki", key));
  if (der.length !== PUBLIC_KEY_SIZE) {
    throw new FormatError(
      `publicKey: expected ${PUBLIC_KEY_SIZE} bytes, got ${der.length}`,
    );
  }
  return der;
}

/**
 * Imports a public key to encrypt for, from its SubjectPublicKeyInfo; zeros may
 * pad it. One trial encryption checks it.
 *
 * @throws {FormatError} if the bytes are not an RSA public key, or one that
 * PUB-1 doesn't allow: its modulus is even or hasn't 1024 bits, its exponent is
 * even, 1 or of more than 4 bytes
 */
export async function importPublicKey(bytes: Uint8Array): Promise<CryptoKey> {
  const key = await readPublicKey(bytes);
  const { n, e } = await numbersOf(key);
  const bits = n.toString(2).length;
  if (bits !== MODULUS_BITS) {
    throw new FormatError(
      `publicKey: expected a modulus of ${MODULUS_BITS} bits, got ${bits}`,
    );
  }
  if (n % 2n === 0n) {
    throw new FormatError(
      "publicKey: expected an odd modulus, got an even one",
    );
  }
  if (e % 2n === 0n || e < 3n || e > 0xffffffffn) {
    throw new FormatError(
      `publicKey: expected an odd exponent from 3 to 2^32, got ${
        e > 0xffffffffn ? "a larger one" : e
      }`,
    );
  }
  try {
    await crypto.subtle.encrypt(RSA, key, new Uint8Array(SYMMETRIC_KEY_SIZE));
  } catch (cause) {
    throw new FormatError(
      "publicKey: expected an RSA key, got one that encrypts nothing",
      { cause },
    );
  }
  return key;
}

/**
 * Imports a public key of any modulus and exponent, to compare or describe it;
 * to encrypt, use {@linkcode importPublicKey}.
 *
 * @throws {FormatError} if the bytes are not an RSA public key
 */
export async function readPublicKey(bytes: Uint8Array): Promise<CryptoKey> {
  return await importKey("spki", bytes, "publicKey", "encrypt");
}

/** The modulus and the exponent of a public key. */
async function numbersOf(key: CryptoKey): Promise<{ n: bigint; e: bigint }> {
  const { n, e } = await crypto.subtle.exportKey("jwk", key);
  const number = (text = "") => {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return BigInt(`0x0${bytes.toHex()}`);
  };
  return { n: number(n), e: number(e) };
}

/** Exports a private key as PKCS#8. */
export async function exportPrivateKey(
  key: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
}

/**
 * Imports a private key from PKCS#8; zeros may pad it.
 *
 * @throws {FormatError} if the bytes are not an RSA private key
 */
export async function importPrivateKey(bytes: Uint8Array): Promise<CryptoKey> {
  return await importKey("pkcs8", bytes, "privateKey", "decrypt");
}

/**
 * The public key of a private key, as SubjectPublicKeyInfo: 160 bytes if the
 * protocol allows it.
 */
export async function publicKeyOf(
  privateKey: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const { kty, n, e } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await crypto.subtle.importKey(
    "jwk",
    { kty, n, e } as JsonWebKey,
    RSA,
    true,
    ["encrypt"],
  );
  return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

async function importKey(
  format: "spki" | "pkcs8",
  bytes: Uint8Array,
  field: string,
  usage: KeyUsage,
): Promise<CryptoKey> {
  const der = withoutPadding(bytes, field);
  try {
    return await crypto.subtle.importKey(format, der, RSA, true, [usage]);
  } catch (cause) {
    throw new FormatError(
      `${field}: expected an RSA key as ${format.toUpperCase()}, got ${bytes.length} other bytes`,
      { cause },
    );
  }
}

/** Removes the zeros after a DER sequence, which the runtime would refuse. */
function withoutPadding(
  bytes: Uint8Array,
  field: string,
): Uint8Array<ArrayBuffer> {
  const size = derSize(bytes);
  if (size === undefined || size > bytes.length) {
    throw new FormatError(
      `${field}: expected a DER sequence, got ${bytes.length} other bytes`,
    );
  }
  if (bytes.subarray(size).some((byte) => byte !== 0)) {
    throw new FormatError(
      `${field}: expected only zeros after the key's ${size} bytes`,
    );
  }
  return bytes.slice(0, size);
}

/**
 * Size in bytes of the DER sequence at the start, including its tag and length;
 * undefined if no sequence of up to 64 KiB starts there.
 */
export function derSize(bytes: Uint8Array): number | undefined {
  const [tag, first] = bytes;
  if (tag !== 0x30 || first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first - 0x80;
  if (count < 1 || count > 2 || bytes.length < 2 + count) return undefined;
  return bytes.subarray(2, 2 + count)
    .reduce((size, byte) => size * 256 + byte, 0) + 2 + count;
}

/** Generates a symmetric key. */
export async function generateSymmetricKey(): Promise<CryptoKey> {
  return await crypto.subtle.generateKey({ name: AES, length: 128 }, true, [
    "encrypt",
    "decrypt",
  ]);
}

/**
 * Imports a symmetric key from its 16 bytes.
 *
 * @throws {FormatError} if the size is another
 */
export async function importSymmetricKey(
  bytes: Uint8Array,
): Promise<CryptoKey> {
  if (bytes.length !== SYMMETRIC_KEY_SIZE) {
    throw new FormatError(
      `symmetricKey: expected ${SYMMETRIC_KEY_SIZE} bytes, got ${bytes.length}`,
    );
  }
  return await crypto.subtle.importKey(
    "raw",
    new Uint8Array(bytes),
    AES,
    true,
    ["encrypt", "decrypt"],
  );
}

/** Exports the 16 bytes of a symmetric key. */
export async function exportSymmetricKey(
  key: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

/** Encrypts a symmetric key for a public key, with fresh randomness: 128 bytes. */
export async function encryptKey(
  publicKey: CryptoKey,
  key: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const raw = await exportSymmetricKey(key);
  return new Uint8Array(await crypto.subtle.encrypt(RSA, publicKey, raw));
}

/**
 * Decrypts a symmetric key with a private key.
 *
 * @throws {DecryptError} if it was encrypted for another key, or isn't a
 * symmetric key
 */
export async function decryptKey(
  privateKey: CryptoKey,
  encrypted: Uint8Array,
): Promise<CryptoKey> {
  try {
    const raw = await crypto.subtle.decrypt(
      RSA,
      privateKey,
      new Uint8Array(encrypted),
    );
    return await importSymmetricKey(new Uint8Array(raw));
  } catch (cause) {
    throw new DecryptError("Expected a symmetric key for our public key", {
      cause,
    });
  }
}
