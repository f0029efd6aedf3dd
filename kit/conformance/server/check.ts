/**
 * Declarations of checks of a server, and how they fail.
 *
 * @module
 */

import type { AnyClauseId } from "../../any_clause.ts";
import type { ClauseId } from "../../clauses.ts";
import type { CheckInfo } from "../report/outcome.ts";
import type { Probe } from "./probe.ts";

/** A check of a server, of which it learns with a probe. */
export interface Check<P = Probe, C extends AnyClauseId = ClauseId>
  extends CheckInfo {
  readonly clause: C;
  /**
   * Makes the check; returns if it passes.
   *
   * @throws {CheckFailure} if the server breaks the clause
   * @throws {Unprepared} if the check can't be made
   */
  readonly run: (probe: P) => Promise<void>;
}

/** A check as its file lists it by its name. */
export type CheckEntry<P = Probe, C extends AnyClauseId = ClauseId> = readonly [
  clause: C,
  about: string,
  run: Check<P, C>["run"],
];

/** The checks of a subject, from entries by their names. */
export function subject<P = Probe, C extends AnyClauseId = ClauseId>(
  subject: string,
  entries: Readonly<Record<string, CheckEntry<P, C>>>,
): readonly Check<P, C>[] {
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

/** Details of a failure. */
export interface FailureDetails {
  /** The broken clause, if it isn't the check's own. */
  readonly clause?: AnyClauseId;
  /** A response that shows the mistake by itself, with a remark. */
  readonly shows?: { readonly bytes: Uint8Array; readonly note: string };
  /** Whether the server refused a sound request with 9000. */
  readonly isRefusal?: boolean;
}

/** The server broke a clause. */
export class CheckFailure extends Error {
  override name = "CheckFailure";
  /** The broken clause, evidence, and whether it is a 9000. */
  readonly details: FailureDetails;

  /** `expected` and `got` complete "Expected …" and "Got …". */
  constructor(
    readonly expected: string,
    readonly got: string,
    details: FailureDetails = {},
  ) {
    super(`Expected ${expected}, got ${got}`);
    this.details = details;
  }
}

/** No whole response came: too late, or the connection ended. */
export class NoResponse extends CheckFailure {
  override name = "NoResponse";
}

/** The check can't be made; another check reports the cause. */
export class Unprepared extends Error {
  override name = "Unprepared";
}

/**
 * Fails a check unless a condition holds.
 *
 * @throws {CheckFailure} if it doesn't
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
 * Prepares a check.
 *
 * @param what completes "couldn't …"
 * @throws {Unprepared} if the work fails
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
