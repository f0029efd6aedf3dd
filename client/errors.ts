/**
 * Failures that a user is told about, in the user's words.
 *
 * @module
 */

import { printableLine } from "./printable.ts";

/** Something that couldn't be done; nothing else is lost. */
export class UserError extends Error {
  override name = "UserError";
  /** What the user can do about it. */
  readonly hint: string | undefined;

  /** The message says what failed; the hint says what to do. */
  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** A failure as it is shown: what failed and, on a line of its own, what to do. */
export function describeFailure({ message, hint }: UserError): string {
  const line = printableLine(message);
  return hint === undefined ? line : `${line}\n(${printableLine(hint)})`;
}

/** The server answered 9000. */
export class ServerRefusedError extends UserError {
  override name = "ServerRefusedError";

  /** The message is the protocol's own sentence (section 6). */
  constructor(hint?: string) {
    super("server responded with an error", hint);
  }
}

/** A server that can't be reached, breaks off or doesn't answer as the protocol says. */
export class ConnectionError extends UserError {
  override name = "ConnectionError";
}

/** No connection stood, so the server got nothing. */
export class NoConnectionError extends ConnectionError {
  override name = "NoConnectionError";
}
