import { type Field, record } from "../../../../../shared/wire/fields.ts";
import { flag } from "../fields.ts";

/**
 * One step of a command that may delete much: each is a commit, so that other
 * commands needn't wait for long.
 */
export interface Step {
  /** Whether the command is to be given again. */
  isUnfinished: boolean;
  /** Whether it was carried out. */
  isDone: boolean;
}

/** A step as it is told. */
export const step: Field<Step> = record<Step>({
  isUnfinished: flag,
  isDone: flag,
});

/** More is to be deleted first. */
export const UNFINISHED: Step = { isUnfinished: true, isDone: false };

/** The last step. @param isDone whether the command was carried out */
export function lastStep(isDone: boolean): Step {
  return { isUnfinished: false, isDone };
}
