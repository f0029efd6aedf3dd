/**
 * Who does what the script says: a person, or the machine.
 *
 * @module
 */

import { inTime } from "../../../shared/cli/time.ts";
import type { DrivenFolder } from "./driven_folder.ts";
import type { Finding, Step } from "./step.ts";

/** Somebody who plays the client's user. */
export interface Player extends AsyncDisposable {
  /** The folder of a client that is driven. */
  readonly folder: DrivenFolder | undefined;
  /** What the client printed in this step; undefined where nobody records it. */
  readonly output: string | undefined;
  /** Whether nothing more is to be waited for in this step. */
  readonly gaveUp: boolean;
  /** How it came that a driven client gave up, and what it said last. */
  readonly ending: string | undefined;
  /** Why no further step can be played; undefined while one can. */
  readonly stopped: string | undefined;
  /** Begins a step. */
  play(step: Step, number: number, count: number): Promise<void>;
  /**
   * Sees to it that the next step can be played after one that failed.
   *
   * @param isRegistered whether the client has an identity
   */
  recover(isRegistered: boolean): Promise<void>;
  /** Ends the client; what is found then. */
  end(): Promise<Finding>;
}

/** Wakes waiting code when something has changed. */
export class Bell {
  #next = Promise.withResolvers<true>();

  /** Wakes it. */
  ring(): void {
    this.#next.resolve(true);
    this.#next = Promise.withResolvers();
  }

  /** Waits for a change, `ms` milliseconds at most; false where none came. */
  async heard(ms: number): Promise<boolean> {
    return await inTime<true, false>(this.#next.promise, ms, false);
  }
}
