/** Reads and writes of all connections that begin without a look at the turn. */
const FEW = 256;
/** Those in one turn: half of them leave the timer time to come before a wait. */
const MOST = 2 * FEW;

/**
 * Turns of the event loop. What an encrypted connection reads and writes may be
 * ready at once, again and again: the runtime would look at no other socket and
 * no timer for as long as one client keeps sending.
 */
export class LoopTurns {
  #count = 0;
  #next: PromiseWithResolvers<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Counts a read or a write.
   *
   * @returns undefined where it may begin at once; else resolves in the next turn
   */
  wait(): Promise<void> | undefined {
    if (++this.#count <= FEW) return undefined;
    this.#timer ??= setTimeout(() => this.end());
    if (this.#count <= MOST) return undefined;
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  /** Ends the turn: nothing waits any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
    this.#next?.resolve();
    this.#next = undefined;
  }
}
