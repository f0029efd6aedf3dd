/**
 * A step of the script: what the user does, which requests must arrive, and
 * the checks.
 *
 * @module
 */

import type { CheckInfo } from "../report/outcome.ts";
import type { Responder } from "./responder.ts";
import type { Arrival } from "./arrival.ts";
import type { Scenario } from "./scenario.ts";
import type { DrivenFolder } from "./driven_folder.ts";

/** A choice of the menu and the answers to its prompts, a line each. */
export type Choice = readonly string[];

/** The evidence of a step. */
export interface Observed {
  /** The users and messages of the server. */
  readonly scenario: Scenario;
  /** The requests since the step began. */
  readonly arrived: readonly Arrival[];
  /** All requests. */
  readonly all: readonly Arrival[];
  /** The client's output since the step began; undefined if it isn't recorded. */
  readonly output: string | undefined;
  /** The folder of a driven client. */
  readonly folder: DrivenFolder | undefined;
}

/** A failure or a reason to skip; undefined if the check passes. */
export type Finding =
  | undefined
  | { readonly fails: string; readonly at?: readonly Arrival[] }
  | { readonly skips: string };

/** A check of a step. */
export interface Check extends Omit<CheckInfo, "subject"> {
  /** The expected observation. */
  readonly expected?: string;
  /** Whether it needs the output or files of a driven client. */
  readonly drivenOnly?: boolean;
  /** Judges the step after its end. */
  readonly judge: (observed: Observed) => Promise<Finding> | Finding;
}

/** A step of the script. */
export interface Step {
  /** The subject of its checks, in a word. */
  readonly subject: string;
  /** What the user does, in a sentence. */
  readonly title: string;
  /** The lines that the user types. */
  readonly choices: readonly Choice[];
  /** What the user should see, in words. */
  readonly sees?: string;
  /** Whether a driven client has printed or written the expected. */
  readonly isSeen?: (observed: Observed) => Promise<boolean> | boolean;
  /** Prepares the scenario; may return a responder for the step. */
  readonly prepare?: (
    scenario: Scenario,
  ) => Promise<Responder | void> | Responder | void;
  /** Whether all expected requests have arrived. */
  readonly isComplete: (observed: Observed) => boolean;
  /** Whether the client may be in a wrong state, and is restarted. */
  readonly upsets?: (observed: Observed) => boolean;
  /** Its checks, in order. */
  readonly checks: readonly Check[];
}
