/**
 * AES-128-CBC as the protocol fixes it (AES-1 of docs/protocol.md), for
 * contents held in memory.
 *
 * @module
 */

/** The cipher's name in WebCrypto. */
export const AES = "AES-CBC";
/** Bytes of a block. */
export const BLOCK_SIZE = 16;
/** The protocol's fixed IV, which isn't sent. */
export const ZERO_IV: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK_SIZE);

/** Decryption failed: the key is wrong, or the ciphertext is incomplete. */
export class DecryptError extends Error {
  override name = "DecryptError";
}

/** Size in bytes of the ciphertext of `plaintextSize` bytes: 16 × (⌊n/16⌋ + 1). */
export function legacyCiphertextSize(plaintextSize: number): number {
  return BLOCK_SIZE * (Math.floor(plaintextSize / BLOCK_SIZE) + 1);
}

/**
 * Encrypts with AES-128-CBC under the zero IV, so equal first blocks give equal
 * ciphertext. Returns {@linkcode legacyCiphertextSize} bytes.
 */
export async function legacyEncrypt(
  key: CryptoKey,
  plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await encryptFrom(ZERO_IV, key, plaintext);
}

/**
 * Decrypts the output of {@linkcode legacyEncrypt}. Only the padding is checked:
 * about 1 wrong key in 256 goes unnoticed.
 *
 * @throws {DecryptError} if the size or the padding is wrong
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

/** Encrypts with a given IV: the previous block of ciphertext, or zeros. */
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
 * Decrypts with a given IV: the previous block of ciphertext, or zeros.
 *
 * @throws {DecryptError} if the size or the padding is wrong
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
 * Number of padding bytes, 1 to 16, at the end of a ciphertext under a key. It
 * rules out wrong keys without decrypting the whole.
 *
 * @param ciphertext the whole ciphertext, or its last 32 bytes
 * @param size size in bytes of the whole
 * @throws {DecryptError} if the size or the padding is wrong
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
