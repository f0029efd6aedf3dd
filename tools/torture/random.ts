/** Chance from a seed: the same seed makes the same choices. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to 1, without 1. */
  next(): number {
    // Mulberry32: 32 bits of state are plenty for choosing shapes.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /**
   * One of the values, each as likely as the others.
   *
   * @throws {RangeError} where there is none
   */
  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError("Expected a value, got none");
    return values[this.between(0, values.length - 1)] as T;
  }

  /** A source of its own: what draws from it changes nothing here. */
  fork(): Random {
    return new Random(this.next() * 2 ** 32);
  }
}
