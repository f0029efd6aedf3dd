/** Milliseconds of the first pause, and of the longest. */
const FIRST = 1000;
const LONGEST = 60_000;

/**
 * Pauses before restarts of a program that ends unexpectedly. Each is twice as
 * long as the one before, until the program serves for longer than the longest.
 */
export class RestartPauses {
  #next = FIRST;

  /**
   * The next pause, in milliseconds.
   *
   * @param served milliseconds that the program served; 0 if it didn't
   */
  next(served: number): number {
    if (served > LONGEST) this.#next = FIRST;
    const pause = this.#next;
    this.#next = Math.min(2 * pause, LONGEST);
    return pause;
  }
}
