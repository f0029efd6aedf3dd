/**
 * Arguments and flags that several verbs take.
 *
 * @module
 */

import { valueFlag } from "../../../../shared/cli/flags.ts";
import { parseDuration, parseMoment } from "../../../../shared/cli/time.ts";
import { CONSUMER_NAME, isConsumerName } from "../../../store/folder.ts";
import type { MessageNumber } from "../../../store/message.ts";
import type { Argument, ParserContext } from "./verb.ts";

/** Ends a proposal where any file may stand. */
export const ANY_FILE = "\0file";

/** A file's path. */
export const pathArgument: Argument<string> = {
  brief: "The file",
  placeholder: "PATH",
  parse: String,
  proposeCompletions: (partial) => [partial + ANY_FILE],
};

/** A contact's name. */
export const nameArgument: Argument<string> = {
  brief: "The contact's name",
  placeholder: "NAME",
  parse: String,
  proposeCompletions: proposeNames,
};

/** A contact's name that may be left out. */
export const optionalNameArgument: Argument<string> & {
  readonly optional: true;
} = { ...nameArgument, brief: "Only with this contact", optional: true };

/** A message's number. */
export const idArgument: Argument<MessageNumber> = {
  brief: "The message's number, as history tells it",
  placeholder: "ID",
  parse: (text) => parseId(text) as MessageNumber,
};

/** What to do where a contact's key has changed. */
export const onKeyChangeFlag = {
  kind: "enum",
  values: ["stop", "accept", "skip"],
  default: "stop",
  brief: "Where the contact's key has changed",
} as const;

/** What {@linkcode onKeyChangeFlag} takes. */
export type OnKeyChange = typeof onKeyChangeFlag.values[number];

/** Where messages begin. */
export const sinceFlag = valueFlag(
  "WHEN",
  "Only from then on: a date as 2026-01-31T12:00, or a span as 2h or 3d",
  parseWhen,
);

/** The contact of the messages that are wanted. */
export function contactFlag(brief: string) {
  return {
    ...valueFlag("NAME", brief, String),
    proposeCompletions: proposeNames,
  };
}

/** A whole number from 1. @throws {Error} where it is none */
export function parseId(text: string): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (id >= 1) return id;
  throw new Error(`expected a number from 1, got "${text}"`);
}

/** A consumer's name, which is part of a file's name. @throws {Error} where it can't be */
export function parseConsumer(text: string): string {
  if (isConsumerName(text)) return text;
  throw new Error(`expected ${CONSUMER_NAME}`);
}

/**
 * A moment in milliseconds since 1970, from a date in the user's zone or a span
 * that ends now.
 *
 * @throws {Error} where it is neither
 */
export function parseWhen(text: string): number {
  const span = parseDuration(text);
  if (span !== undefined) return Date.now() - span;
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  throw new Error(
    `expected a date such as 2026-01-31T12:00, or a span such as 30m, 2h or 3d, got "${text}"`,
  );
}

/** The contacts whose names begin like this. */
async function proposeNames(
  this: ParserContext,
  partial: string,
): Promise<readonly string[]> {
  const names = await this.contactNames();
  return names.filter((name) => name.startsWith(partial));
}
