/**
 * AES-128-CBC as the protocol fixes it (AES-1 of docs/protocol.md), of
 * contents that are in memory whole.
 *
 * @module
 */

/** The cipher's name in WebCrypto. */
export const AES = "AES-CBC";
/** Bytes of a block. */
export const BLOCK_SIZE = 16;
/** The IV that the protocol fixes, which isn't sent. */
export const ZERO_IV: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK_SIZE);

/** What can't be decrypted: a wrong key, or no such ciphertext. */
export class DecryptError extends Error {
  override name = "DecryptError";
}

/** Bytes of the ciphertext of so many bytes: 16 × (⌊n/16⌋ + 1). */
export function legacyCiphertextSize(plaintextSize: number): number {
  return BLOCK_SIZE * (Math.floor(plaintextSize / BLOCK_SIZE) + 1);
}

/**
 * Encrypts with AES-128-CBC under the zero IV that the protocol fixes: equal
 * first blocks show as equal. 16 × (⌊n/16⌋ + 1) bytes.
 */
export async function legacyEncrypt(
  key: CryptoKey,
  plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await encryptFrom(ZERO_IV, key, plaintext);
}

/**
 * Decrypts what {@linkcode legacyEncrypt} made. Only the padding is checked:
 * 1 wrong key in about 256 goes unnoticed.
 *
 * @throws {DecryptError} where the size or the padding is wrong
 */
export async function legacyDecrypt(
  key: CryptoKey,
  ciphertext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return await decryptFrom(
    ZERO_IV,
    key,
    ciphertext as Uint8Array<ArrayBuffer>,
  );
}

/** Encrypts what follows a block of ciphertext, or the zero IV. */
export async function encryptFrom(
  iv: Uint8Array<ArrayBuffer>,
  key: CryptoKey,
  plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await crypto.subtle.encrypt({ name: AES, iv }, key, plaintext),
  );
}

/**
 * Decrypts what follows a block of ciphertext, or the zero IV.
 *
 * @throws {DecryptError} where the size or the padding is wrong
 */
export async function decryptFrom(
  iv: Uint8Array<ArrayBuffer>,
  key: CryptoKey,
  ciphertext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: AES, iv }, key, ciphertext),
    );
  } catch (cause) {
    throw new DecryptError("Expected another key or a whole ciphertext", {
      cause,
    });
  }
}

/** Bytes at the end of a ciphertext that {@linkcode legacyPadding} needs. */
export const LEGACY_TAIL_SIZE: number = 2 * BLOCK_SIZE;

/**
 * Bytes of padding that a key finds at the end of a ciphertext, 1 to 16: what
 * tells keys apart without decrypting all of it.
 *
 * @param ciphertext the whole, or its last 32 bytes
 * @param size bytes of the whole
 * @throws {DecryptError} where the size or the padding is wrong
 */
export async function legacyPadding(
  key: CryptoKey,
  ciphertext: Uint8Array,
  size: number = ciphertext.length,
): Promise<number> {
  if (size % BLOCK_SIZE !== 0) {
    throw new DecryptError(
      `Expected whole blocks of ${BLOCK_SIZE} bytes, got ${size} bytes`,
    );
  }
  const end = ciphertext.subarray(-LEGACY_TAIL_SIZE);
  return end.length - (await legacyDecrypt(key, end)).length;
}
