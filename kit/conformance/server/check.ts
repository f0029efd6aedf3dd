/**
 * What a check of a server is.
 *
 * @module
 */

import type { ClauseId } from "../../clauses.ts";
import type { CheckInfo } from "../report/outcome.ts";
import type { Probe } from "./probe.ts";

export {
  CheckFailure,
  must,
  NoAnswer,
  prepare,
  Unprepared,
} from "./check_failure.ts";

/** One thing that is looked for. */
export interface Check extends CheckInfo {
  /**
   * Looks for it, and returns where all is well.
   *
   * @throws {CheckFailure} where the server does something else
   * @throws {Unprepared} where it can't be looked for
   */
  readonly run: (probe: Probe) => Promise<void>;
}

/** A check as its file lists it: what it is called, its clause, what it looks for. */
export type CheckEntry = readonly [
  name: string,
  clause: ClauseId,
  about: string,
  run: Check["run"],
];

/** The checks of a subject. */
export function subject(
  name: string,
  entries: readonly CheckEntry[],
): readonly Check[] {
  return entries.map(([check, clause, about, run]) => ({
    name: check,
    subject: name,
    clause,
    about,
    run,
  }));
}
