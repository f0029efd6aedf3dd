/** Bytes that count as getting further: less within the time-out is no progress. */
const STEP = 16 * 1024;
/** Looks in one time-out. */
export const LOOKS_PER_TIMEOUT = 4;

/**
 * Tells whether a client that the relay waits for gets further. It has no
 * clock, since it is touched with every request: whoever looks at it does so
 * {@linkcode LOOKS_PER_TIMEOUT} times within the time-out.
 */
export class Progress {
  /** Looks since it last got further. */
  #looks = 0;
  /** Bytes that had moved by then. */
  #moved = 0;

  /** Whether it got further at the last look. */
  get isMoving(): boolean {
    return this.#looks <= 1;
  }

  /** Something new has begun. @param moved bytes that have ever moved */
  restart(moved: number): void {
    this.#looks = 0;
    this.#moved = moved;
  }

  /**
   * Looks, and tells whether the client has been waited for in vain for a whole
   * time-out.
   *
   * @param waiting whether it is the client that is waited for now
   * @param moved bytes that have ever moved
   * @param timeouts time-outs that it has
   */
  isStuck(waiting: boolean, moved: number, timeouts = 1): boolean {
    if (!waiting || moved - this.#moved >= STEP) this.restart(moved);
    // The first look may come right after the beginning.
    return ++this.#looks > timeouts * LOOKS_PER_TIMEOUT + 1;
  }
}
