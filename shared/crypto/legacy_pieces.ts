/**
 * AES-128-CBC for contents of any size, one piece at a time. The output equals
 * that of `legacyEncrypt` and `legacyDecrypt` (AES-1 of docs/protocol.md).
 *
 * @module
 */

import { concat } from "@std/bytes";
import { BLOCK_SIZE, decryptFrom, encryptFrom, ZERO_IV } from "./legacy_aes.ts";
import { PIECE_SIZE, type Pieces, recut } from "./pieces.ts";

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
