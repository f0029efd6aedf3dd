/**
 * How a check of a server fails or is skipped.
 *
 * @module
 */

import type { ClauseId } from "../../clauses.ts";

/** Details of a failure. */
export interface FailureDetails {
  /** The broken clause, if it isn't the check's own. */
  readonly clause?: ClauseId;
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
