/**
 * Tells what a failure of the database means: whether it asks for another try,
 * can't be reached, or has left open what became of a statement.
 *
 * @module
 */

import { reasonOf } from "../../../shared/reason.ts";
import { OutcomeUnknownError, StoreError } from "../store.ts";

/** A failure as PostgreSQL's protocol tells it. */
interface ServerFailure extends Error {
  /** SQLSTATE: five characters. */
  code: string;
  /** `ERROR`, or `FATAL` where the connection ends with it. */
  severity: string;
  /** The constraint that was broken, where one was. */
  constraint?: string;
}

/** SQLSTATEs of transactions that lost against others. */
const LOST = ["40001", "40P01"];
/** The SQLSTATE where the server itself doesn't know what became of it. */
const COMPLETION_UNKNOWN = "40003";
/** The SQLSTATE of a unique index that has the key already. */
const UNIQUE_VIOLATION = "23505";

/** Whether the server said so, and the connection goes on. */
export function isFromServer(error: unknown): error is ServerFailure {
  const { code, severity } = (error ?? {}) as Partial<ServerFailure>;
  return error instanceof Error && typeof code === "string" &&
    severity === "ERROR";
}

/** Whether the same is worth another try: nothing was committed. */
export function isToRetry(error: unknown): boolean {
  return isFromServer(error) && LOST.includes(error.code);
}

/** Whether a key is there already, in the index of this name where one is given. */
export function isTaken(error: unknown, constraint?: string): boolean {
  const { cause = error } = error instanceof StoreError ? error : {};
  return isFromServer(cause) && cause.code === UNIQUE_VIOLATION &&
    (constraint === undefined || cause.constraint === constraint);
}

/** A failure of a statement as the store throws it. */
export function databaseError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  if (isFromServer(cause) && cause.code !== COMPLETION_UNKNOWN) {
    return new StoreError(`The database refused: ${cause.message}`, { cause });
  }
  // It may have been committed before its answer was lost.
  return new OutcomeUnknownError(
    `The connection to the database broke (${reasonText(cause)})`,
    { cause },
  );
}

/** The failure to connect. */
export function unreachable(cause: unknown): StoreError {
  return new StoreError(
    `The database can't be reached: ${reasonText(cause)}`,
    { cause },
  );
}

function reasonText(cause: unknown): string {
  // Several addresses of one name fail together, without a sentence of their own.
  if (cause instanceof AggregateError && cause.message === "") {
    return cause.errors.map(reasonOf).join(", ");
  }
  return reasonOf(cause);
}
