/** Bytes that count as progress; fewer within the time-out are a stall. */
const STEP = 16 * 1024;
/** Looks in one time-out. */
export const LOOKS_PER_TIMEOUT = 4;

/** What a look finds: no wait for the client, a step since the last look, none, or none for a whole time-out. */
export type Progress = "idle" | "moving" | "slow" | "stuck";

/**
 * Detects a client that stops in the middle of a request or a response. It has
 * no clock, since each request touches it: {@linkcode StallDetector.look} is to
 * be called {@linkcode LOOKS_PER_TIMEOUT} times within the time-out.
 */
export class StallDetector {
  /** Looks since the last step. */
  #looks = 0;
  /** Bytes that had moved by then. */
  #moved = 0;

  /** Begins anew. @param moved bytes that have moved since the connection's start */
  restart(moved: number): void {
    this.#looks = 0;
    this.#moved = moved;
  }

  /**
   * Looks at the client's progress.
   *
   * @param waiting whether the client's bytes, or its reading, are waited for
   * @param moved bytes that have moved since the connection's start
   * @param timeouts time-outs that the client has. Default: 1
   */
  look(waiting: boolean, moved: number, timeouts = 1): Progress {
    if (!waiting || moved - this.#moved >= STEP) this.restart(moved);
    // The first look may come right after the beginning.
    if (++this.#looks > timeouts * LOOKS_PER_TIMEOUT + 1) return "stuck";
    return !waiting ? "idle" : this.#looks === 1 ? "moving" : "slow";
  }
}
