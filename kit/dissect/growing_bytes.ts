/** Bytes in their order: pushed behind, taken in front. */
export class GrowingBytes {
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** How many there are. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** All of them; holds until the next call. */
  get view(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Copies bytes behind the others. */
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

  /** Takes the first ones, in an array of their own. */
  take(size: number): Uint8Array {
    const taken = this.view.slice(0, size);
    this.#start += taken.length;
    if (this.#start === this.#end) {
      // What a large frame needed isn't kept for the next.
      if (this.#buffer.length > IDLE_SIZE) this.#buffer = new Uint8Array(0);
      this.#start = this.#end = 0;
    }
    return taken;
  }

  /** Throws the first ones away. */
  drop(size: number): void {
    this.#start = Math.min(this.#start + size, this.#end);
  }
}

/** Bytes of memory that are kept where nothing is held. */
const IDLE_SIZE = 64 * 1024;
