/**
 * Reports the results of verbs: failures, with their exit codes and their codes in
 * JSON, deliveries, messages and keys.
 *
 * @module
 */

import { UsageError } from "../../../../shared/cli/program.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  describeFailure,
  type FailureCode,
  KeyChangedError,
  UserError,
} from "../../../errors.ts";
import { type Advice, Command } from "../../../advice.ts";
import {
  contactData,
  type DataKind,
  keyData,
  messageData,
  type Output,
  OutputClosed,
  sentData,
  skippedData,
} from "./output.ts";
import type { ContactSummary, Message } from "../../../store/message.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { keptNotice } from "../../kept_notice.ts";
import { ProgressLine } from "../../transfer_progress.ts";
import type { OnKeyChange } from "./arguments.ts";
import {
  isoTime,
  messageLine,
  messageValues,
} from "../../../session/message_form.ts";
import type { Work } from "./verb.ts";
import type { PublicKeyInfo } from "../../../session/contacts.ts";

/** Exit codes (docs/scripting.md). */
export const exitCodes = {
  done: 0,
  /** Any failure without a code of its own. */
  failure: 1,
  /** The command line is invalid. */
  usage: 2,
  /** The relay is unreachable, or the connection broke. */
  connection: 3,
  /** The relay refused the request. */
  refused: 4,
  /** No contact has that name. */
  unknownContact: 5,
  /** The contact's key changed. */
  keyChanged: 6,
  /** The folder has no registered user. */
  notRegistered: 7,
  /** The folder's files are unusable. */
  folder: 8,
} as const;

const exitOf: Readonly<Record<FailureCode, number>> = {
  "failure": exitCodes.failure,
  "usage": exitCodes.usage,
  "connection": exitCodes.connection,
  "refused": exitCodes.refused,
  "unknown-contact": exitCodes.unknownContact,
  "key-changed": exitCodes.keyChanged,
  "not-registered": exitCodes.notRegistered,
  "folder": exitCodes.folder,
};

/** The exit code of a failure, and its code in JSON. */
export function classify(error: unknown): { exit: number; code: FailureCode } {
  const code = error instanceof UserError
    ? error.code
    : error instanceof UsageError
    ? "usage"
    : "failure";
  return { exit: exitOf[code], code };
}

/** Reports a failure on standard error; `facts` are further fields in JSON. */
export function complain(
  output: Output,
  error: unknown,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  const { message, advice } = error instanceof UserError
    ? error
    : new UserError(reasonOf(error));
  const changed = error instanceof KeyChangedError
    ? {
      contact: error.contact,
      known: error.known ?? null,
      offered: error.offered ?? null,
    }
    : {};
  const { code } = classify(error);
  reject(output, code, message, advice, { ...changed, ...facts });
}

/** Reports a failure by its parts. */
export function reject(
  output: Output,
  code: FailureCode,
  message: string,
  hint: string | Advice | undefined,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  const error = new UserError(message, hint);
  const { spell } = output;
  output.tell(
    {
      type: "error",
      code,
      message,
      hint: error.advice?.spelled(spell) ?? null,
      ...facts,
    },
    `error: ${describeFailure(error, spell)}`,
  );
}

/** Reports problems of receiving, each once. */
export class Complaints {
  readonly #output: Output;
  readonly #told = new Set<string>();
  #exitCode: number = exitCodes.done;

  constructor(output: Output) {
    this.#output = output;
  }

  /** 1 if a message couldn't be saved or read, else 0. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Reports a problem. A changed key doesn't count as a failure: the message is received. */
  tell(error: UserError): void {
    if (!(error instanceof KeyChangedError)) this.#exitCode = exitCodes.failure;
    const text = describeFailure(error, this.#output.spell);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    complain(this.#output, error);
  }
}

/**
 * Sends a stored message and reports the result.
 *
 * @returns the exit code
 * @throws {UserError} if it was sent, but the report can't be written
 */
export async function deliver(
  work: Work,
  { id, contact }: Pick<Message, "id" | "contact">,
  onKeyChange: OnKeyChange,
): Promise<number> {
  const { output } = work;
  const session = await work.session();
  const name = printableLine(contact);
  const progress = new ProgressLine(work.io.stderr);
  let sent: Message;
  try {
    sent = await session.outbox.deliver(id, {
      onKeyChange: onKeyChange === "accept" ? "accept" : "stop",
      notice: (text) => output.say(text),
      progress: output.json ? undefined : progress.start("Sending"),
    });
  } catch (error) {
    progress.end();
    if (error instanceof KeyChangedError && onKeyChange === "skip") {
      const values = { id, contact, reason: "key-changed" };
      if (output.json) await report(output, skippedData, values);
      else output.say(`Skipped ${name}, whose key has changed: message ${id}`);
      return exitCodes.done;
    }
    complain(output, error, { id, contact });
    const kept = keptNotice(session.messages, id);
    if (kept !== undefined) output.say(kept.spelled(output.spell));
    return classify(error).exit;
  }
  if (output.json) await report(output, sentData, messageValues(sent));
  else output.say(`Sent to ${name}, as message ${id}`);
  return exitCodes.done;
}

/** Reports the result of a message; succeeds without a reader. */
async function report<F extends string>(
  output: Output,
  kind: DataKind<F | "id">,
  values: Readonly<Record<F | "id", unknown>>,
): Promise<void> {
  try {
    await output.data(kind, values, "");
  } catch (cause) {
    if (cause instanceof OutputClosed) return;
    throw new UserError(
      `Message ${values.id} was ${kind.type}, but that can't be written: ${
        reasonOf(cause)
      }`,
      undefined,
      { cause },
    );
  }
}

/** Writes a contact's public key. */
export async function writeKey(
  output: Output,
  { name, contactId, publicKey, fingerprint, offered }: PublicKeyInfo,
): Promise<void> {
  const lines = [
    `${printableLine(name)} ${fingerprint}`,
    publicKey.toBase64(),
  ];
  await output.data(
    keyData,
    {
      contact: name,
      contactId: contactId.toHex(),
      publicKey: publicKey.toBase64(),
      fingerprint,
      offered: offered === undefined ? null : {
        publicKey: offered.publicKey.toBase64(),
        fingerprint: offered.fingerprint,
      },
    },
    lines.join("\n"),
  );
  if (offered === undefined) return;
  const compare = output.spell(new Command("fingerprint", name));
  const accept = output.spell(new Command("accept", name));
  output.say(
    `The relay now gives another key, ${offered.fingerprint}: compare with ${compare} before ${accept}`,
  );
}

/** Writes a contact. */
export async function writeContact(
  output: Output,
  { name, contactId, lastTime, ...contact }: ContactSummary,
): Promise<void> {
  const { unread, keyChanged, relayName, blocked, muted } = contact;
  const marks = [
    unread > 0 ? `${unread} unread` : "",
    relayName === undefined || relayName === name
      ? ""
      : `${printableLine(relayName)} at the relay`,
    keyChanged ? "another key than before" : "",
    blocked ? "blocked" : "",
    muted ? "muted" : "",
  ].filter((mark) => mark !== "");
  const shown = printableLine(name);
  await output.data(
    contactData,
    {
      name,
      id: contactId.toHex(),
      unread,
      lastTime: isoTime(lastTime),
      keyChanged,
      relayName: relayName ?? null,
      conversation: contact.conversation,
      blocked,
      muted,
    },
    marks.length === 0 ? shown : `${shown}\t${marks.join(", ")}`,
  );
}

/** Writes a message. */
export async function writeMessage(
  output: Output,
  message: Message,
): Promise<void> {
  await output.data(messageData, messageValues(message), messageLine(message));
}
