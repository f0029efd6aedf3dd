/**
 * Errors that are shown to the user.
 *
 * @module
 */

import { printableLine } from "../shared/cli/printable.ts";
import { Advice, Command, quotedCommand, type Spell } from "./advice.ts";

/** The kind of a {@linkcode UserError}, as in JSON output (docs/scripting.md). */
export type FailureCode =
  | "failure"
  | "usage"
  | "connection"
  | "refused"
  | "unknown-contact"
  | "key-changed"
  | "not-registered"
  | "folder";

/** An error that is shown to the user. */
export class UserError extends Error {
  override name = "UserError";
  /** The kind of failure, which decides the exit code. */
  readonly code: FailureCode = "failure";
  /** What the user can do about it; {@linkcode hint} is its text. */
  readonly advice: Advice | undefined;

  constructor(
    message: string,
    hint?: string | Advice,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.advice = typeof hint === "string" ? new Advice(hint) : hint;
  }

  /** What the user can do about it. */
  get hint(): string | undefined {
    return this.advice?.toString();
  }
}

/** Swallows a {@linkcode UserError}; rethrows anything else. */
export function ignoreUserError(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error;
}

/** Formats an error: what failed and, on a second line, what to do. */
export function describeFailure(
  { message, advice }: UserError,
  spell: Spell = quotedCommand,
): string {
  const line = printableLine(message);
  const hint = advice?.spelled(spell);
  return hint === undefined ? line : `${line}\n(${printableLine(hint)})`;
}

/** The server responded with 9000. */
export class ServerRefusedError extends UserError {
  override name = "ServerRefusedError";
  override readonly code = "refused";

  /** The message is the one that section 12 of docs/protocol.md specifies. */
  constructor(hint?: string | Advice, options?: ErrorOptions) {
    super("server responded with an error", hint, options);
  }
}

/** The server refused the version of the requests, and accepts another one. */
export class VersionRefusedError extends ServerRefusedError {
  override name = "VersionRefusedError";

  /** @param version the version that the server accepts */
  constructor(version: number) {
    super(
      `This server takes requests of version ${version} only: give --client-version ${version}, each time`,
    );
  }
}

/** A server can't be reached, breaks off, or violates the protocol. */
export class ConnectionError extends UserError {
  override name = "ConnectionError";
  override readonly code = "connection";
}

/** No connection was established, so the server received nothing. */
export class NoConnectionError extends ConnectionError {
  override name = "NoConnectionError";
}

/** The message has been sent, or a client in the folder is sending it. */
export class AlreadySentError extends UserError {
  override name = "AlreadySentError";
}

/** No client has the name. */
export class UnknownContactError extends UserError {
  override name = "UnknownContactError";
  override readonly code = "unknown-contact";
}

/** The folder holds no identity yet. */
export class NotRegisteredError extends UserError {
  override name = "NotRegisteredError";
  override readonly code = "not-registered";

  constructor() {
    super(
      "You are not registered yet",
      new Advice("Register first: ", new Command("register", "NAME")),
    );
  }
}

/** A file of the client's folder can't be used. */
export class FolderError extends UserError {
  override name = "FolderError";
  override readonly code = "folder";
}

/** The relay gives a different public key for a known name than before. */
export class KeyChangedError extends UserError {
  override name = "KeyChangedError";
  override readonly code = "key-changed";
  /** The contact's name. */
  readonly contact: string;
  /** The fingerprint of the key that was known; undefined where none was. */
  readonly known: string | undefined;
  /** The fingerprint of the key that the relay gives now; undefined where it gives none. */
  readonly offered: string | undefined;

  constructor(
    contact: string,
    known: string | undefined,
    offered: string | undefined,
  ) {
    super(
      `WARNING: "${contact}" HAS ANOTHER PUBLIC KEY THAN BEFORE. ${
        known === undefined
          ? `The name now belongs to another id, with the key ${
            offered ?? "none"
          }`
          : `It was ${known}, the relay now gives ${offered ?? "none"}`
      }`,
      new Advice(
        `Nothing is sent under it. An attacker may be listening in: ask ${contact} in another way, compare with `,
        new Command("fingerprint", contact),
        ", and only then ",
        new Command("accept", contact),
      ),
    );
    this.contact = contact;
    this.known = known;
    this.offered = offered;
  }
}

/**
 * What responds at a relay's address doesn't show the key of the relay's line
 * (section 2 of docs/secure.md). Nothing was sent.
 */
export class RelayKeyError extends UserError {
  override name = "RelayKeyError";
  override readonly code = "key-changed";

  /**
   * @param where the relay's address
   * @param reason what was wrong
   */
  constructor(where: string, reason: string, options?: ErrorOptions) {
    super(
      `WARNING: ${where} DOESN'T SHOW THE KEY THAT YOUR LINE SAYS: ${reason}`,
      "Nothing was sent. An attacker may be in between, or the relay has a new key, or the port is its legacy one or another program's: ask the relay's operator in another way for its mu:// line, and compare",
      options,
    );
  }
}

/** A copy of the folder has used the device's keys, too (CNT-6 of docs/secure.md). */
export class FolderCopiedError extends UserError {
  override name = "FolderCopiedError";
  override readonly code = "folder";

  constructor() {
    super(
      "WARNING: A COPY OF THIS FOLDER SENDS, TOO: the relay has seen messages of this device that this folder didn't send",
      "Nothing is sent. Use one of the two folders, the newer one, and remove the other: a folder put back from a copy repeats keys",
    );
  }
}

/**
 * The relay tells of a contact's account what can't be so (REC-11 of
 * docs/secure.md). Nothing goes out to it until the user decides.
 */
export class ContactAlarmError extends UserError {
  override name = "ContactAlarmError";
  override readonly code = "key-changed";
  /** The contact's name. */
  readonly contact: string;
  /** What is wrong, in a few words. */
  readonly alarm: string;

  constructor(contact: string, alarm: string) {
    super(
      `WARNING: THE RELAY TELLS OF "${contact}" WHAT CAN'T BE SO: ${alarm}`,
      `Nothing is sent to ${contact}. An attacker may be in between: ask ${contact} in another way`,
    );
    this.contact = contact;
    this.alarm = alarm;
  }
}

/** The folder's account is a secure one, whose messages a legacy port refuses. */
export class SecureFolderError extends UserError {
  override name = "SecureFolderError";

  constructor() {
    super(
      "This folder has a secure account: this version sends and receives no texts with it yet",
      "To write now, register another name with --legacy, in another folder by --dir",
    );
  }
}
