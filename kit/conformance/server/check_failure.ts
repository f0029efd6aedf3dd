/**
 * How a check of a server ends where it doesn't pass.
 *
 * @module
 */

import type { ClauseId } from "../../clauses.ts";

/** What a failure has beside its two sentences. */
export interface FailureDetails {
  /** The clause that the server broke, where that isn't the check's own. */
  readonly clause?: ClauseId;
  /** A response that shows the mistake by itself, and what it is. */
  readonly shows?: { readonly bytes: Uint8Array; readonly note: string };
  /** Whether the server answered 9000 where it should have served. */
  readonly isRefusal?: boolean;
}

/** The server did something else than the clause says. */
export class CheckFailure extends Error {
  override name = "CheckFailure";
  /** The clause that was broken, evidence, and whether it is a 9000. */
  readonly details: FailureDetails;

  /** Both sentences begin before it: "Expected ...", "Got ...". */
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
