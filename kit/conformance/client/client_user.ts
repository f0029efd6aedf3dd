/**
 * The user of a checked client: a person or a program.
 *
 * @module
 */

import { inTime } from "../../../shared/cli/time.ts";
import type { DrivenFolder } from "./driven_folder.ts";
import type { Finding, Step } from "./step.ts";

/** Performs the steps of a script with a client. */
export interface ClientUser extends AsyncDisposable {
  /** The folder of a driven client. */
  readonly folder: DrivenFolder | undefined;
  /** The client's output in this step; undefined if it isn't recorded. */
  readonly output: string | undefined;
  /** Whether to stop waiting in this step. */
  readonly gaveUp: boolean;
  /** How a driven client ended, and its last output. */
  readonly ending: string | undefined;
  /** Why no further step can run; undefined if one can. */
  readonly stopped: string | undefined;
  /** Begins a step. */
  perform(step: Step, number: number, count: number): Promise<void>;
  /**
   * Makes the client ready for the next step after a failed one.
   *
   * @param isRegistered whether the client has an identity
   */
  recover(isRegistered: boolean): Promise<void>;
  /** Ends the client, and judges how it ends. */
  end(): Promise<Finding>;
}

/** Wakes waiting code when something has changed. */
export class Bell {
  #next = Promise.withResolvers<true>();

  /** Wakes the waiting code. */
  ring(): void {
    this.#next.resolve(true);
    this.#next = Promise.withResolvers();
  }

  /** Waits for a change; false after `ms` milliseconds. */
  async heard(ms: number): Promise<boolean> {
    return await inTime<true, false>(this.#next.promise, ms, false);
  }
}
