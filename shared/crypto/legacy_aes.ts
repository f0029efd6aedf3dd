/**
 * AES-128-CBC as the protocol fixes it (AES-1 of docs/protocol.md), for contents
 * in memory, and for contents of any size one piece at a time.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { PIECE_SIZE, type Pieces, recut } from "../wire/buffers.ts";

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
async function encryptFrom(
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
async function decryptFrom(
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

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Encrypts a content piece by piece. It reads and encrypts the next piece while
 * the caller uses the previous one, and holds at most four.
 *
 * @param pieceSize bytes to encrypt at a time, a multiple of 16
 * @throws {RangeError} if the piece size is not a multiple of 16
 */
export async function* legacyEncryptPieces(
  key: CryptoKey,
  source: Pieces,
  pieceSize: number = PIECE_SIZE,
): AsyncGenerator<Bytes, void, void> {
  checkPieceSize(pieceSize);
  const pieces = recut(source, pieceSize);
  let reading = pieces.next();
  let sealing: Promise<Bytes> | undefined;
  try {
    const first = await reading;
    sealing = awaitedLater(
      encryptFrom(ZERO_IV, key, first.value ?? new Uint8Array(0)),
    );
    for (;;) {
      reading = awaitedLater(pieces.next());
      const sealed: Bytes = await sealing;
      const next = await reading;
      if (next.done) return yield sealed;
      // Only the last piece is padded: drop the padding block of this one.
      const kept = sealed.subarray(0, -BLOCK_SIZE);
      sealing = awaitedLater(encryptFrom(lastBlock(kept), key, next.value));
      yield kept;
    }
  } finally {
    await Promise.allSettled([reading, sealing]);
    await pieces.return();
  }
}

/**
 * Decrypts a content piece by piece. As with `legacyDecrypt` only the padding at
 * the end is checked, so earlier pieces may come from a wrong key.
 *
 * @param pieceSize bytes to decrypt at a time, a multiple of 16
 * @throws {DecryptError} at the end, if the size or the padding is wrong
 * @throws {RangeError} if the piece size is not a multiple of 16
 */
export async function* legacyDecryptPieces(
  key: CryptoKey,
  source: Pieces,
  pieceSize: number = PIECE_SIZE,
): AsyncGenerator<Bytes, void, void> {
  checkPieceSize(pieceSize);
  const pieces = recut(source, pieceSize);
  let opening: Promise<Bytes> | undefined;
  let reading = pieces.next();
  try {
    let iv: Bytes = ZERO_IV;
    let current = (await reading).value ?? new Uint8Array(0);
    for (;;) {
      reading = awaitedLater(pieces.next());
      const next = await reading;
      // A piece needs only the ciphertext before it, so two are decrypted at once.
      const opened = opening;
      opening = awaitedLater(
        next.done
          ? decryptFrom(iv, key, current)
          : decryptMiddle(iv, key, current),
      );
      if (opened !== undefined) yield await opened;
      if (next.done) return yield await opening;
      iv = lastBlock(current);
      current = next.value;
    }
  } finally {
    await Promise.allSettled([reading, opening]);
    await pieces.return();
  }
}

/** Defers a rejection to the caller's await; avoids an unhandled rejection. */
function awaitedLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Decrypts a piece other than the last, which has no padding. */
async function decryptMiddle(
  iv: Bytes,
  key: CryptoKey,
  piece: Bytes,
): Promise<Bytes> {
  // WebCrypto requires padding: append a block that decrypts to padding alone.
  const padding = await encryptFrom(lastBlock(piece), key, new Uint8Array(0));
  return await decryptFrom(iv, key, concat([piece, padding]));
}

function lastBlock(bytes: Bytes): Bytes {
  return bytes.subarray(-BLOCK_SIZE);
}

function checkPieceSize(size: number): void {
  if (size > 0 && size % BLOCK_SIZE === 0) return;
  throw new RangeError(
    `Expected pieces of a multiple of ${BLOCK_SIZE} bytes, got ${size}`,
  );
}
