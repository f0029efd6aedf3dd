/**
 * Reads and writes the primitives of a payload, little endian, and collects
 * streams of bytes.
 *
 * @module
 */

import { FormatError } from "./format_error.ts";
import { concat } from "@std/bytes";

/**
 * Reads fields from a payload, little endian. It owns every bounds check: no
 * field is read past the end, and a claimed size is checked before its bytes
 * are read.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #inPlace: boolean;
  #offset = 0;

  /**
   * @param inPlace whether it returns views of `bytes` instead of copies
   */
  constructor(bytes: Uint8Array, inPlace = false) {
    this.#bytes = bytes;
    this.#inPlace = inPlace;
  }

  /** Number of bytes that are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** @throws {FormatError} if no byte is left */
  u8(): number {
    return this.#integer(1);
  }

  /** @throws {FormatError} if fewer than 2 bytes are left */
  u16(): number {
    return this.#integer(2);
  }

  /** @throws {FormatError} if fewer than 4 bytes are left */
  u32(): number {
    return this.#integer(4);
  }

  /**
   * Reads an integer of 8 bytes.
   *
   * @throws {FormatError} if fewer than 8 bytes are left, or it exceeds 2^53 - 1
   */
  u64(): number {
    const value = this.#integer(8);
    if (Number.isSafeInteger(value)) return value;
    throw new FormatError("expected an integer of at most 2^53 - 1");
  }

  /**
   * Reads the next `size` bytes.
   *
   * @throws {FormatError} if fewer are left
   */
  bytes(size: number): Uint8Array {
    const start = this.#take(size);
    return this.#inPlace
      ? this.#bytes.subarray(start, start + size)
      : this.#bytes.slice(start, start + size);
  }

  /** @throws {FormatError} if bytes are left */
  end(): void {
    if (this.left > 0) {
      throw new FormatError(
        `expected the end after ${this.#offset} bytes, ${this.left} left`,
      );
    }
  }

  #integer(size: number): number {
    const start = this.#take(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) {
      value = value * 256 + (this.#bytes[start + i] as number);
    }
    return value;
  }

  #take(size: number): number {
    if (size > this.left) {
      throw new FormatError(
        `expected ${size} bytes, ${this.left} left`,
      );
    }
    const start = this.#offset;
    this.#offset += size;
    return start;
  }
}

/** Allocates `size` bytes, all zero. */
export type Allocate = (size: number) => Uint8Array<ArrayBuffer>;

/** Writes fields into an array of fixed size, little endian. */
export class Writer {
  /** The bytes written so far, then zeros. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #offset = 0;

  constructor(
    size: number,
    allocate: Allocate = (size) => new Uint8Array(size),
  ) {
    this.bytes = allocate(size);
  }

  /** @throws {FormatError} unless the value fits into 1 byte */
  u8(value: number): void {
    this.#integer(value, 1);
  }

  /** @throws {FormatError} unless the value fits into 2 bytes */
  u16(value: number): void {
    this.#integer(value, 2);
  }

  /** @throws {FormatError} unless the value fits into 4 bytes */
  u32(value: number): void {
    this.#integer(value, 4);
  }

  /** @throws {FormatError} unless the value is at most 2^53 - 1 */
  u64(value: number): void {
    if (!Number.isSafeInteger(value)) {
      throw new FormatError(`expected an integer of 53 bits, got ${value}`);
    }
    this.#integer(value, 8);
  }

  /** Writes bytes, then zeros up to `size`. */
  raw(bytes: Uint8Array, size: number = bytes.length): void {
    this.bytes.set(bytes, this.#offset);
    this.#offset += size;
  }

  #integer(value: number, size: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new FormatError(
        `expected an integer of ${size} bytes, got ${value}`,
      );
    }
    for (let i = 0, rest = value; i < size; i++) {
      this.bytes[this.#offset++] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
}

/** Size in bytes of a slab. */
const SLAB_SIZE = 64 * 1024;
/** Size in bytes of the largest array that shares a slab. */
const MOST = 4096;

let slab = new Uint8Array(0);
let used = 0;

/**
 * Allocates zeroed bytes for short-lived use. Small arrays share one slab, which
 * costs a tenth of an allocation each. An array that is kept keeps its slab.
 */
export function allocateShortLived(size: number): Uint8Array<ArrayBuffer> {
  if (size > MOST) return new Uint8Array(size);
  if (used + size > slab.length) {
    slab = new Uint8Array(SLAB_SIZE);
    used = 0;
  }
  used += size;
  return slab.subarray(used - size, used);
}

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
