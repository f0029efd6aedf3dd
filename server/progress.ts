/** Bytes that count as getting further: less within the time-out is no progress. */
const STEP = 16 * 1024;

/**
 * Tells whether a client that the relay waits for gets further. The time that
 * the relay itself takes doesn't count.
 */
export class Progress {
  /** Reads and writes under way for which the client is waited for. */
  #waits = 0;
  #since = 0;
  #moved = 0;

  /** Something new has begun. */
  restart(): void {
    this.#since = performance.now();
    this.#moved = 0;
  }

  /** The client is waited for. */
  begin(): void {
    this.#waits++;
  }

  /** It isn't any more. @param moved bytes that went through meanwhile */
  end(moved: number): void {
    this.#waits--;
    this.#moved += moved;
    if (this.#moved >= STEP) this.restart();
  }

  /** Whether it has been waited for in vain for so many milliseconds. */
  isStuck(timeout: number): boolean {
    return this.#waits > 0 && performance.now() - this.#since >= timeout;
  }
}
