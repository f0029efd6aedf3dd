import { FormatError } from "./format_error.ts";

/** Writes fields one after the other, little endian, into bytes of a set size. */
export class Writer {
  /** The bytes that are being filled. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #offset = 0;

  /** Allocates `size` bytes, all zero. */
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** @throws {FormatError} unless the value fits into 1 byte */
  u8(value: number): void {
    this.#view.setUint8(this.#integer(value, 1), value);
  }

  /** @throws {FormatError} unless the value fits into 2 bytes */
  u16(value: number): void {
    this.#view.setUint16(this.#integer(value, 2), value, true);
  }

  /** @throws {FormatError} unless the value fits into 4 bytes */
  u32(value: number): void {
    this.#view.setUint32(this.#integer(value, 4), value, true);
  }

  /** Writes bytes as they are, then zeros up to `size`. */
  raw(bytes: Uint8Array, size: number = bytes.length): void {
    this.bytes.set(bytes, this.#offset);
    this.#offset += size;
  }

  #integer(value: number, size: number): number {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new FormatError(
        `expected an integer of ${size} bytes, got ${value}`,
      );
    }
    const start = this.#offset;
    this.#offset += size;
    return start;
  }
}
