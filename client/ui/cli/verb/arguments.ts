/**
 * Arguments and flags that several verbs share.
 *
 * @module
 */

import { valueFlag } from "../../../../shared/cli/flags.ts";
import { parseDuration, parseMoment } from "../../../../shared/cli/time.ts";
import { CONSUMER_NAME, isConsumerName } from "../../../store/folder.ts";
import type { MessageNumber } from "../../../store/message.ts";
import type { Argument, ParserContext } from "./verb.ts";

/** Marks a proposal that stands for any file. */
export const ANY_FILE = "\0file";

/** The path of a file. */
export const pathArgument: Argument<string> = {
  brief: "The file",
  placeholder: "PATH",
  parse: String,
  proposeCompletions: (partial) => [partial + ANY_FILE],
};

/** The name of a contact. */
export const nameArgument: Argument<string> = {
  brief: "The contact's name",
  placeholder: "NAME",
  parse: String,
  proposeCompletions: proposeNames,
};

/** The names of one or more contacts. */
export const namesArgument: Argument<string> = {
  brief: "The contact's name, or several: bob,carol",
  placeholder: "NAME",
  parse: String,
  async proposeCompletions(partial) {
    const start = partial.lastIndexOf(",") + 1;
    const names = await proposeNames.call(this, partial.slice(start));
    return names.map((name) => partial.slice(0, start) + name);
  },
};

/** An optional name of a contact. */
export const optionalNameArgument: Argument<string> & {
  readonly optional: true;
} = { ...nameArgument, brief: "Only with this contact", optional: true };

/** The number of a message. */
export const idArgument: Argument<MessageNumber> = {
  brief: "The message's number, as history prints it",
  placeholder: "ID",
  parse: (text) => parseId(text) as MessageNumber,
};

/** What to do if a contact's key has changed. */
export const onKeyChangeFlag = {
  kind: "enum",
  values: ["stop", "accept", "skip"],
  default: "stop",
  brief: "What to do if the contact's key has changed",
} as const;

/** A value of {@linkcode onKeyChangeFlag}. */
export type OnKeyChange = typeof onKeyChangeFlag.values[number];

/** The time of the first message. */
export const sinceFlag = valueFlag(
  "WHEN",
  "Only messages from this time on: a date as 2026-01-31T12:00, or a span as 2h or 3d",
  parseWhen,
);

/** A flag that limits messages to a contact. */
export function contactFlag(brief: string) {
  return {
    ...valueFlag("NAME", brief, String),
    proposeCompletions: proposeNames,
  };
}

/** Parses a whole number from 1. @throws {Error} on any other text */
export function parseId(text: string): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (id >= 1) return id;
  throw new Error(`expected a number from 1, got "${text}"`);
}

/** Parses a consumer's name, which becomes part of a file's name. @throws {Error} if it is invalid */
export function parseConsumer(text: string): string {
  if (isConsumerName(text)) return text;
  throw new Error(`expected ${CONSUMER_NAME}`);
}

/**
 * Parses a date in the local time zone, or a span that ends now.
 *
 * @returns milliseconds since 1970
 * @throws {Error} if the text is neither
 */
function parseWhen(text: string): number {
  const span = parseDuration(text);
  if (span !== undefined) return Date.now() - span;
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  throw new Error(
    `expected a date such as 2026-01-31T12:00, or a span such as 30m, 2h or 3d, got "${text}"`,
  );
}

/** Proposes the contacts whose names start with the typed text. */
async function proposeNames(
  this: ParserContext,
  partial: string,
): Promise<readonly string[]> {
  const names = await this.contactNames();
  return names.filter((name) => name.startsWith(partial));
}
