/**
 * Tells what a failure of the database means: whether it asks for another try,
 * can't be reached, or has left open what became of a statement.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { OutcomeUnknownError, StoreError } from "../../store.ts";

/** A server that takes no writes where they are needed. */
export class ReadOnlyError extends StoreError {
  override name = "ReadOnlyError";
}

/** A failure as PostgreSQL's protocol tells it. */
interface ServerFailure extends Error {
  /** SQLSTATE: five characters. */
  code: string;
  /** In the server's language. */
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

/** SQLSTATEs with which a connection ends, by their beginnings. */
const ENDS = ["08", "25P03", "57P", "XX"];
/**
 * SQLSTATEs that a connection would go on answering though the database has
 * changed: it doesn't take writes, or has forgotten what was prepared, or its
 * tables were made anew.
 */
const OUTDATED = ["25006", "26000", "0A000"];

/** SQLSTATEs of prepared statements that are another connection's. */
const MIXED_UP = ["26000", "42P05"];

/** SQLSTATEs of functions that aren't there, or aren't for this user or server. */
const UNSUPPORTED = ["42883", "42501", "0A000", "55000"];

/** Whether the server said so, and the connection goes on. */
export function isFromServer(error: unknown): error is ServerFailure {
  const { code, severity } = (error ?? {}) as Partial<ServerFailure>;
  return error instanceof Error && severity !== undefined &&
    code?.length === 5 && !ENDS.some((beginning) => code.startsWith(beginning));
}

/** Whether the connection's view of the database isn't true any more, and a new one is needed. */
export function isOutdated(error: unknown): boolean {
  return isFromServer(error) && OUTDATED.includes(error.code);
}

/** Whether this kind of server, or this user, can't do it at all. */
export function isUnsupported(error: unknown): boolean {
  return isFromServer(error) && UNSUPPORTED.includes(error.code);
}

/** Whether a pooler gave a connection's statements to another: nothing ran. */
export function isMixedUp(error: unknown): boolean {
  return isFromServer(error) && MIXED_UP.includes(error.code);
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
  if (cause instanceof StoreError) return cause;
  // A single host needn't be told from others.
  if (cause instanceof AggregateError && cause.errors.length === 1) {
    return unreachable(cause.errors[0]);
  }
  return new StoreError(
    `The database can't be reached: ${reasonText(cause)}`,
    { cause },
  );
}

function reasonText(cause: unknown): string {
  // Several addresses fail together, without a sentence of their own.
  if (cause instanceof AggregateError && cause.message === "") {
    return cause.errors.map(reasonOf).join(", ");
  }
  return reasonOf(cause);
}
