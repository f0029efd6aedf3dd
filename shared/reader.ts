import { FormatError } from "./format_error.ts";

/**
 * Reads fields off the front of a payload, little endian. It owns every bounds
 * check: no field is read past the end, and no size that a field claims is
 * believed before the bytes are known to be there.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  /** Starts at the first byte. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** @throws {FormatError} where no byte is left */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** @throws {FormatError} where fewer than 2 bytes are left */
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  /** @throws {FormatError} where fewer than 4 bytes are left */
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /**
   * A copy of the next bytes.
   *
   * @throws {FormatError} where fewer are left
   */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    const start = this.#take(size);
    return this.#bytes.slice(start, start + size);
  }

  /** @throws {FormatError} where bytes are left */
  end(): void {
    if (this.left > 0) {
      throw new FormatError(
        `expected the end after ${this.#offset} bytes, ${this.left} left`,
      );
    }
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
