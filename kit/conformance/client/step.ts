/**
 * What a step of the play is: something that the user of a client does, what
 * has to arrive then, and what is judged by it.
 *
 * @module
 */

import type { CheckInfo } from "../report/outcome.ts";
import type { Responder } from "./responder.ts";
import type { Arrival } from "./arrival.ts";
import type { Cast } from "./cast.ts";
import type { DrivenFolder } from "./driven_folder.ts";

/** A choice of the menu and the answers to its prompts, a line each. */
export type Choice = readonly string[];

/** What there is to judge by. */
export interface Scene {
  /** Who is there. */
  readonly cast: Cast;
  /** The requests since the step began. */
  readonly arrived: readonly Arrival[];
  /** All requests. */
  readonly all: readonly Arrival[];
  /** What the client printed since the step began; undefined where nobody records it. */
  readonly output: string | undefined;
  /** Where the client runs; undefined where its user runs it. */
  readonly folder: DrivenFolder | undefined;
}

/** What was found; undefined where all is well. */
export type Finding =
  | undefined
  | { readonly fails: string; readonly at?: readonly Arrival[] }
  | { readonly skips: string };

/** Judges one thing in a step. */
export interface Check extends Omit<CheckInfo, "subject"> {
  /** What should be seen. */
  readonly expected?: string;
  /** Whether only what the client printed or wrote shows it. */
  readonly drivenOnly?: boolean;
  /** Judges, once the step is over. */
  readonly judge: (scene: Scene) => Promise<Finding> | Finding;
}

/** A step. */
export interface Step {
  /** What its checks are about, in a word. */
  readonly subject: string;
  /** What the user is to do, in a sentence. */
  readonly title: string;
  /** What is typed for that. */
  readonly choices: readonly Choice[];
  /** What the user should see then, in words. */
  readonly sees?: string;
  /** Whether a driven client has shown or written what it has to. */
  readonly isSeen?: (scene: Scene) => Promise<boolean> | boolean;
  /** Sets the scene; what it returns answers in place of the good responses. */
  readonly prepare?: (
    cast: Cast,
  ) => Promise<Responder | void> | Responder | void;
  /** Whether all has arrived that has to. */
  readonly isComplete: (scene: Scene) => boolean;
  /** Whether the client may have lost itself, so that it is started anew. */
  readonly upsets?: (scene: Scene) => boolean;
  /** What is judged by it, in this order. */
  readonly checks: readonly Check[];
}
