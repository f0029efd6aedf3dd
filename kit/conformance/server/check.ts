/**
 * The declaration of a check of a server.
 *
 * @module
 */

import type { ClauseId } from "../../clauses.ts";
import type { CheckInfo } from "../report/outcome.ts";
import type { Probe } from "./probe.ts";

export {
  CheckFailure,
  must,
  NoResponse,
  prepare,
  Unprepared,
} from "./check_failure.ts";

/** A check of a server. */
export interface Check extends CheckInfo {
  /**
   * Makes the check; returns if it passes.
   *
   * @throws {CheckFailure} if the server breaks the clause
   * @throws {Unprepared} if the check can't be made
   */
  readonly run: (probe: Probe) => Promise<void>;
}

/** A check as its file lists it by its name. */
export type CheckEntry = readonly [
  clause: ClauseId,
  about: string,
  run: Check["run"],
];

/** The checks of a subject, from entries by their names. */
export function subject(
  subject: string,
  entries: Readonly<Record<string, CheckEntry>>,
): readonly Check[] {
  return Object.entries(entries).map(([name, [clause, about, run]]) => ({
    name,
    subject,
    clause,
    about,
    run,
  }));
}

/** Entries of checks that differ in a value alone. */
export function each<T>(
  values: readonly T[],
  entry: (value: T) => readonly [name: string, ...CheckEntry],
): Record<string, CheckEntry> {
  return Object.fromEntries(values.map((value) => {
    const [name, ...rest] = entry(value);
    return [name, rest];
  }));
}
