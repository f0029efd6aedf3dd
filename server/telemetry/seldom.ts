/** Milliseconds for which a result is good. */
const GOOD_FOR = 250;

/**
 * Does something no more often than four times a second, however often it is
 * asked for, and never twice at once: who asks meanwhile gets the same result.
 */
export class Seldom<T> {
  readonly #work: () => Promise<T>;
  #result: Promise<T> | undefined;
  #goodUntil = 0;

  /** Nothing is done before the first call of {@linkcode Seldom.result}. */
  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** What the work resolves to, or throws, now or a moment ago. */
  result(): Promise<T> {
    if (this.#result === undefined || performance.now() > this.#goodUntil) {
      this.#goodUntil = Infinity;
      this.#result = this.#work();
      const settled = () => this.#goodUntil = performance.now() + GOOD_FOR;
      this.#result.then(settled, settled);
    }
    return this.#result;
  }
}
