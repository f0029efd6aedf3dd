/** Bytes that count as getting further: less within the time-out is no progress. */
const STEP = 16 * 1024;

/** Looks in one time-out. */
export const LOOKS_PER_TIMEOUT = 4;

/**
 * Tells whether a client that the relay waits for gets further. It has no
 * clock, since it is touched with every request: whoever looks at it does so
 * {@linkcode LOOKS_PER_TIMEOUT} times within the time-out. The time that the
 * relay itself takes doesn't count.
 */
export class Progress {
  /** Reads and writes under way for which the client is waited for. */
  #waits = 0;
  /** Looks since it last got further. */
  #looks = 0;
  #moved = 0;

  /** Something new has begun. */
  restart(): void {
    this.#looks = 0;
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

  /** Whether the client has been waited for in vain for a whole time-out. */
  isStuck(): boolean {
    // The first look may come right after the beginning.
    return this.#waits > 0 && ++this.#looks > LOOKS_PER_TIMEOUT;
  }
}
