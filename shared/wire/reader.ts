import { FormatError } from "./format_error.ts";

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
