/**
 * Flags of command lines, declared as plain data. `@stricli/core` parses them;
 * the help and the types of their values follow from the declaration.
 *
 * @module
 */

import { parseDuration } from "./time.ts";

/** A flag that takes a value. */
export interface ValueFlag<T> {
  readonly kind: "parsed";
  readonly brief: string;
  readonly placeholder: string;
  /** Parses a value; throws an `Error` with the expected and the given value. */
  readonly parse: (text: string) => T;
}

/** A flag without a value. */
export interface SwitchFlag {
  readonly kind: "boolean";
  readonly brief: string;
  readonly optional: true;
  readonly withNegated: false;
}

/** A flag with a fixed set of values. */
export interface ChoiceFlag<T extends string> {
  readonly kind: "enum";
  readonly brief: string;
  readonly values: readonly T[];
  readonly placeholder?: string;
  readonly optional?: true;
  readonly default?: T;
}

/** Flags by name in camel case: `maxMessage` is `--max-message`. */
export type Flags = Readonly<
  Record<string, ValueFlag<unknown> | SwitchFlag | ChoiceFlag<string>>
>;

/** The parsed values of flags; undefined if an optional flag is missing. */
export type FlagValues<F> = {
  readonly [K in keyof F]:
    | (F[K] extends SwitchFlag ? boolean
      : F[K] extends ChoiceFlag<infer T> ? T
      : F[K] extends ValueFlag<infer T> ? T
      : never)
    | (F[K] extends { readonly default: unknown } ? never
      : F[K] extends { readonly optional: true } ? undefined
      : never);
};

/** Declares an optional flag with a value. */
export function valueFlag<T>(
  placeholder: string,
  brief: string,
  parse: (text: string) => T,
): ValueFlag<T> & { readonly optional: true } {
  return { kind: "parsed", placeholder, brief, parse, optional: true };
}

/** Declares an optional flag with a fixed set of values. */
export function choiceFlag<const T extends string>(
  placeholder: string | undefined,
  brief: string,
  values: readonly T[],
): ChoiceFlag<T> & { readonly optional: true } {
  return {
    kind: "enum",
    ...placeholder !== undefined && { placeholder },
    brief,
    values,
    optional: true,
  };
}

/** Declares a flag without a value. */
export function switchFlag(brief: string): SwitchFlag {
  return { kind: "boolean", brief, optional: true, withNegated: false };
}

/** Parses a text. @throws {Error} if it is empty */
export function nonEmpty(text: string): string {
  if (text !== "") return text;
  throw new Error("expected a value, got none");
}

/** Makes a parser of whole numbers from `min` to `max`: `a number`, or `what`. */
export function numberFrom(
  min: number,
  max: number,
  what = "a number",
): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw new Error(`expected ${what} from ${min} to ${max}, got "${text}"`);
  };
}

/** Parses a span such as `30d`, in milliseconds. @throws {Error} if it is malformed or zero */
export function parseSpan(text: string): number {
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  throw new Error(
    `expected a span of time such as 90m, 12h, 30d or 4w, got "${text}"`,
  );
}

/** The flag for a name in camel case: `--max-message` for `maxMessage`. */
export function flagName(key: string): string {
  return `--${
    key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  }`;
}

/** Formats flags for a help text, with the briefs from column `column` on. */
export function flagsHelp(flags: Flags, column: number): string {
  const rows = Object.entries(flags).map(([key, flag]): [string, string] => [
    flag.kind === "boolean" || flag.placeholder === undefined
      ? flagName(key)
      : `${flagName(key)} ${flag.placeholder}`,
    flag.brief,
  ]);
  return helpRows(rows, column);
}

/** Formats a list for a help text, with the briefs from column `column` on. */
export function helpRows(
  rows: readonly (readonly [name: string, brief: string])[],
  column: number,
): string {
  const indent = " ".repeat(column);
  return rows.map(([name, brief]) => {
    const head = `  ${name}`;
    const text = brief.replaceAll("\n", `\n${indent}`);
    return head.length < column
      ? `${head.padEnd(column)}${text}\n`
      : `${head}\n${indent}${text}\n`;
  }).join("");
}
