/** A queue of bytes. */
export class GrowingBytes {
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** Number of bytes. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** All bytes; valid until the next call. */
  get view(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Appends a copy of bytes. */
  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      const size = this.size + bytes.length;
      const held = this.view;
      // Doubling keeps the copying linear.
      if (size > this.#buffer.length) {
        this.#buffer = new Uint8Array(Math.max(size, 2 * held.length));
      }
      this.#buffer.set(held);
      this.#start = 0;
      this.#end = held.length;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Removes the first bytes and returns a copy. */
  take(size: number): Uint8Array {
    const taken = this.view.slice(0, size);
    this.#start += taken.length;
    if (this.#start === this.#end) {
      // Frees the memory of a large frame.
      if (this.#buffer.length > IDLE_SIZE) this.#buffer = new Uint8Array(0);
      this.#start = this.#end = 0;
    }
    return taken;
  }

  /** Removes the first bytes. */
  drop(size: number): void {
    this.#start = Math.min(this.#start + size, this.#end);
  }
}

/** Largest buffer in bytes that is kept while empty. */
const IDLE_SIZE = 64 * 1024;
