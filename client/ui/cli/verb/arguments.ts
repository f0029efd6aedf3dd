/**
 * Arguments and flags that several verbs take.
 *
 * @module
 */

import type { TypedPositionalParameter } from "@stricli/core";
import { parseDuration } from "../../../../shared/cli/duration.ts";
import { parseMoment } from "../../local_time.ts";
import { CONSUMER_NAME, isConsumerName } from "../../../store/consumer_name.ts";
import type { ParserContext } from "./verb.ts";

/** Ends a proposal where any file may stand. */
export const ANY_FILE = "\0file";

/** A file's path. */
export const pathArgument: TypedPositionalParameter<string, ParserContext> = {
  brief: "The file",
  placeholder: "PATH",
  parse: String,
  proposeCompletions: (partial) => [partial + ANY_FILE],
};

/** A contact's name. */
export const nameArgument: TypedPositionalParameter<string, ParserContext> = {
  brief: "The contact's name",
  placeholder: "NAME",
  parse: String,
  proposeCompletions: proposeNames,
};

/** A contact's name, or nobody's. */
export const optionalNameArgument: TypedPositionalParameter<
  string | undefined,
  ParserContext
> = { ...nameArgument, brief: "Only with this contact", optional: true };

/** A message's number. */
export const idArgument: TypedPositionalParameter<number, ParserContext> = {
  brief: "The message's number, as history tells it",
  placeholder: "ID",
  parse: parseId,
};

/** What to do where a contact's key has changed. */
export const onKeyChangeFlag = {
  kind: "enum",
  values: ["stop", "accept", "skip"],
  default: "stop",
  brief: "Where the contact's key has changed",
} as const;

/** What {@linkcode onKeyChangeFlag} takes. */
export type OnKeyChange = "stop" | "accept" | "skip";

/** From when on. */
export const sinceFlag = {
  kind: "parsed",
  parse: parseWhen,
  brief: "Only from then on: a date as 2026-01-31T12:00, or a span as 2h or 3d",
  placeholder: "WHEN",
  optional: true,
} as const;

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
export async function proposeNames(
  this: ParserContext,
  partial: string,
): Promise<readonly string[]> {
  const names = await this.contactNames();
  return names.filter((name) => name.startsWith(partial));
}
