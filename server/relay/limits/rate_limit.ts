/** Milliseconds between two looks for keys to forget, at most. */
const LONGEST_SWEEP = 60_000;

/**
 * Limits how often a key may do something: so many times at once, and then as
 * many within the window. Keys are forgotten once they have all of it again.
 */
export class RateLimit {
  readonly #most: number;
  readonly #window: number;
  /** When each key will have had all of its share, as `performance.now()` tells it. */
  readonly #busyUntil = new Map<string, number>();
  #nextSweep = 0;

  /**
   * @param most 0 for no limit
   * @param window milliseconds. Default: a minute
   */
  constructor(most: number, window = 60_000) {
    this.#most = most;
    this.#window = window;
  }

  /** Counts one time, or so many, or returns false where that is too much. */
  admit(key: string, now: number = performance.now(), times = 1): boolean {
    if (this.#most === 0) return true;
    this.#sweep(now);
    if (this.wait(key, now, times) > 0) return false;
    this.#busyUntil.set(key, this.#next(key, now, times));
    return true;
  }

  /** Milliseconds after which the key is admitted again. */
  wait(key: string, now: number = performance.now(), times = 1): number {
    if (this.#most === 0) return 0;
    const wait = this.#next(key, now, times) - now - this.#window;
    // A small part of a millisecond must not cost the last one.
    return wait > 0.001 ? wait : 0;
  }

  #next(key: string, now: number, times: number): number {
    const cost = this.#window / this.#most * times;
    return Math.max(this.#busyUntil.get(key) ?? 0, now) + cost;
  }

  #sweep(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + Math.min(this.#window, LONGEST_SWEEP);
    for (const [key, until] of this.#busyUntil) {
      if (until <= now) this.#busyUntil.delete(key);
    }
  }
}
