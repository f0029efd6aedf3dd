/**
 * Draws that a seed decides, so that every case can be had again.
 *
 * @module
 */

/** A stream of draws: the same seed and case give the same ones. */
export class Random {
  #state: number;

  /** Starts the stream of one case of one seed. */
  constructor(seed: number, index = 0) {
    this.#state = seed >>> 0;
    // Neighbouring cases must not draw alike, so the case is mixed in twice.
    this.#state = (this.u32() ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
    this.#state = (this.u32() + index) >>> 0;
  }

  /** 32 bits, by the mulberry32 generator. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A number from 0 to 1, without 1. */
  next(): number {
    return this.u32() / 2 ** 32;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /**
   * One of the items.
   *
   * @throws {RangeError} where there is none
   */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("Expected an item, got none");
    return items[this.below(items.length)] as T;
  }

  /** Bytes of any value. */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(size / 4));
    for (let i = 0; i < words.length; i++) words[i] = this.u32();
    return new Uint8Array(words.buffer, 0, size);
  }

  /** A stream of its own: what is drawn from it changes nothing here. */
  fork(): Random {
    return new Random(this.u32());
  }
}
