import { FormatError } from "./format_error.ts";

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
