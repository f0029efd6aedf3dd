/**
 * Reports the failure of a verb: exit code, code in JSON, sentence.
 *
 * @module
 */

import { UsageError } from "../../../../shared/cli/usage_error.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  describeFailure,
  type FailureCode,
  KeyChangedError,
  UserError,
} from "../../../errors.ts";
import type { Output } from "./output.ts";

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
  const { message, hint } = error instanceof UserError
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
  reject(output, code, message, hint, { ...changed, ...facts });
}

/** Reports a failure by its parts. */
export function reject(
  output: Output,
  code: FailureCode,
  message: string,
  hint: string | undefined,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  output.tell(
    { type: "error", code, message, hint: hint ?? null, ...facts },
    `error: ${describeFailure(new UserError(message, hint))}`,
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
    const text = describeFailure(error);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    complain(this.#output, error);
  }
}
