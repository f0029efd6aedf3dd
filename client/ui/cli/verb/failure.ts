/**
 * How a verb's failure is told: its exit code, its name, its sentence.
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

/** Exit codes; docs/scripting.md tells users of them. */
export const exitCodes = {
  /** Done. */
  done: 0,
  /** It failed, for a reason that has no code of its own. */
  failure: 1,
  /** The command line can't be obeyed. */
  usage: 2,
  /** The relay can't be reached, or broke off. */
  connection: 3,
  /** The relay refused. */
  refused: 4,
  /** No contact has that name. */
  unknownContact: 5,
  /** The contact's key changed. */
  keyChanged: 6,
  /** The folder has no registered user. */
  notRegistered: 7,
  /** The folder's files can't be used. */
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

/** The exit code of a failure, and its name in JSON. */
export function classify(error: unknown): { exit: number; code: FailureCode } {
  const code = error instanceof UserError
    ? error.code
    : error instanceof UsageError
    ? "usage"
    : "failure";
  return { exit: exitOf[code], code };
}

/** Says on standard error what failed and what to do; JSON readers also get these facts. */
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

/** Says what failed by its name, in words, and what to do. */
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

/** What couldn't be saved or read while a verb receives, each told once. */
export class Complaints {
  readonly #output: Output;
  readonly #told = new Set<string>();
  #exitCode: number = exitCodes.done;

  constructor(output: Output) {
    this.#output = output;
  }

  /** 0, or 1 where something couldn't be saved or read. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Tells of a failure. A changed key is told too, but what came is there. */
  tell(error: UserError): void {
    if (!(error instanceof KeyChangedError)) this.#exitCode = exitCodes.failure;
    const text = describeFailure(error);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    complain(this.#output, error);
  }
}
