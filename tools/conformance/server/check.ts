/**
 * What a check of a server is, and how it ends where it doesn't pass.
 *
 * @module
 */

import type { ClauseId } from "../../../shared/clauses.ts";
import type { CheckInfo } from "../report/outcome.ts";
import type { Probe } from "./probe.ts";

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

/** The server did something else than the clause says. */
export class CheckFailure extends Error {
  override name = "CheckFailure";

  /** Both complete a sentence: "Expected ...", "Got ...". */
  constructor(readonly expected: string, readonly got: string) {
    super(`Expected ${expected}, got ${got}`);
  }
}

/** What a check needs couldn't be had: another check tells of that. */
export class Unprepared extends Error {
  override name = "Unprepared";
}

/**
 * Ends a check where something doesn't hold.
 *
 * @throws {CheckFailure} then
 */
export function must(
  holds: boolean,
  expected: string,
  got: string | (() => string),
): asserts holds {
  if (!holds) {
    throw new CheckFailure(expected, typeof got === "string" ? got : got());
  }
}

/**
 * Does what comes before what is to be checked.
 *
 * @param what completes "couldn't ..."
 * @throws {Unprepared} where it fails
 */
export async function prepare<T>(
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new Unprepared(`couldn't ${what}: got ${error.got}`);
  }
}
