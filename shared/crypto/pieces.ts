import { concat } from "@std/bytes";

/** Size in bytes of the pieces that the client handles contents in: 1 MiB. */
export const PIECE_SIZE: number = 1024 * 1024;

/** A stream of bytes in pieces. A piece isn't overwritten later. */
export type Pieces = AsyncIterable<Uint8Array>;

/** Splits a stream into pieces of exactly `size` bytes; the last may be shorter. */
export async function* recut(
  source: Pieces,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let piece = new Uint8Array(0);
  let filled = 0;
  for await (const bytes of source) {
    let start = 0;
    while (start < bytes.length) {
      if (filled === 0 && bytes.length - start >= size) {
        yield bytes.subarray(start, start + size) as Uint8Array<ArrayBuffer>;
        start += size;
        continue;
      }
      if (filled === 0) piece = new Uint8Array(size);
      const part = bytes.subarray(start, start + size - filled);
      piece.set(part, filled);
      filled += part.length;
      start += part.length;
      if (filled < size) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/**
 * Collects a stream into one array of `size` bytes.
 *
 * @throws {RangeError} if there are more or fewer
 */
export async function gather(
  source: Pieces,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let filled = 0;
  // Allocates for the bytes that arrive, not for the claimed size.
  for await (const piece of source) {
    filled += piece.length;
    if (filled > size) break;
    parts.push(piece);
  }
  if (filled === size) return concat(parts) as Uint8Array<ArrayBuffer>;
  throw new RangeError(`Expected ${size} bytes, got ${filled}`);
}
