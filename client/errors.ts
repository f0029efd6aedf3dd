/**
 * Failures that a user is told about, in the user's words.
 *
 * @module
 */

import { printableLine } from "./ui/printable.ts";

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

/** For what may fail without harm: lets through what must not happen. */
export function ignoreUserError(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error;
}

/** A failure as it is shown: what failed and, on a line of its own, what to do. */
export function describeFailure({ message, hint }: UserError): string {
  const line = printableLine(message);
  return hint === undefined ? line : `${line}\n(${printableLine(hint)})`;
}

/** The server answered 9000. */
export class ServerRefusedError extends UserError {
  override name = "ServerRefusedError";

  /** The message is the protocol's own sentence (section 12 of docs/protocol.md). */
  constructor(hint?: string) {
    super("server responded with an error", hint);
  }
}

/** The server answered 9000 to our version, and takes another. */
export class VersionRefusedError extends ServerRefusedError {
  override name = "VersionRefusedError";

  /** @param version the one that it takes */
  constructor(version: number) {
    super(
      `This server takes requests of version ${version} only: give --client-version ${version}, each time`,
    );
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

/** Nobody has the name. */
export class UnknownContactError extends UserError {
  override name = "UnknownContactError";
}

/** Nobody is registered in the folder yet. */
export class NotRegisteredError extends UserError {
  override name = "NotRegisteredError";

  /** The hint names both ways to register. */
  constructor() {
    super(
      "You are not registered yet",
      "Register first, with 110 in the menu or: register NAME",
    );
  }
}

/** The identity, the store or another file in the client's folder can't be used. */
export class FolderError extends UserError {
  override name = "FolderError";
}

/** Under a known name the relay gives another public key than before. */
export class KeyChangedError extends UserError {
  override name = "KeyChangedError";
  /** Whose. */
  readonly contact: string;
  /** The fingerprint of the key that was known; undefined where none was. */
  readonly known: string | undefined;
  /** The fingerprint of the key that the relay gives now; undefined where it gives none. */
  readonly offered: string | undefined;

  /** Names both keys. */
  constructor(
    contact: string,
    known: string | undefined,
    offered: string | undefined,
  ) {
    super(
      `WARNING: "${contact}" HAS ANOTHER PUBLIC KEY THAN BEFORE. It was ${
        known ?? "somebody else's"
      }, the relay now gives ${offered ?? "none"}`,
      `Nothing is sent under it. Somebody may be listening in: ask ${contact} in another way, compare with "fingerprint ${contact}", and only then "accept ${contact}"`,
    );
    this.contact = contact;
    this.known = known;
    this.offered = offered;
  }
}
