/**
 * Answers of a connection of which the client hasn't shown yet that it took
 * them (clause DLV-3).
 *
 * @module
 */

import type { Delivery } from "./dispatcher.ts";

/** Answers of one connection that are remembered until they are known to be taken. */
const MOST_UNTAKEN = 16;

/** An answer that has gone out, and what had come in before its last byte did. */
export interface UntakenAnswer {
  /** What hangs on its being taken. */
  readonly delivery: Delivery;
  /** A request that starts behind so many bytes was sent later than the answer. */
  readonly arrived: number;
  /** An end that was seen by then shows nothing. */
  readonly ended: boolean;
}

/** Most connections have none: they share it, and nobody adds to it. */
const NONE: readonly UntakenAnswer[] = [];

/** The untaken answers of one connection, the oldest first. */
export class UntakenAnswers {
  #answers = NONE;

  /** Whether there are none. */
  get empty(): boolean {
    return this.#answers.length === 0;
  }

  /** Remembers one. What is forgotten for it still waits, and is handed out again. */
  add(answer: UntakenAnswer): void {
    this.#answers = [...this.#answers, answer].slice(-MOST_UNTAKEN);
  }

  /** Makes the next pulls of their clients wait for a decision. */
  pending(decision: Promise<unknown>): void {
    for (const { delivery } of this.#answers) delivery.pending(decision);
  }

  /** A request that starts so many bytes from the connection's start shows those taken that went out before it came. */
  async takenByRequest(start: number): Promise<void> {
    await this.#take((answer) => start >= answer.arrived);
  }

  /** An orderly end shows those taken that went out before it came. */
  async takenByEnd(): Promise<void> {
    await this.#take((answer) => !answer.ended);
  }

  async #take(isTaken: (answer: UntakenAnswer) => boolean): Promise<void> {
    const shown = this.#answers.filter(isTaken);
    this.#answers = this.#answers.filter((answer) => !isTaken(answer));
    for (const { delivery } of shown) await delivery.taken();
  }
}
