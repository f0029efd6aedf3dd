/**
 * Flags and arguments of command lines, declared as plain data: what
 * `@stricli/core` reads, and what the help and the types of their values
 * follow from. Loads nothing.
 *
 * @module
 */

import { parseDuration } from "./time.ts";

/** A flag that takes a value. */
export interface ValueFlag<T> {
  readonly kind: "parsed";
  readonly brief: string;
  readonly placeholder: string;
  /** Throws an `Error` that says what was expected and what was given. */
  readonly parse: (text: string) => T;
}

/** A flag that takes no value. */
export interface SwitchFlag {
  readonly kind: "boolean";
  readonly brief: string;
  readonly optional: true;
  readonly withNegated: false;
}

/** A flag that takes one of some words. */
export interface ChoiceFlag<T extends string> {
  readonly kind: "enum";
  readonly brief: string;
  readonly values: readonly T[];
  readonly placeholder?: string;
  readonly optional?: true;
  readonly default?: T;
}

/** Flags by their names in camel case; `maxMessage` is `--max-message`. */
export type Flags = Readonly<
  Record<string, ValueFlag<unknown> | SwitchFlag | ChoiceFlag<string>>
>;

/** The parsed values of flags; undefined where an optional one isn't given. */
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

/** Declares an optional flag that takes one of these words. */
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

/** A text that isn't empty. @throws {Error} where it is */
export function nonEmpty(text: string): string {
  if (text !== "") return text;
  throw new Error("expected a value, got none");
}

/** Parses a whole number in a range. */
export function numberFrom(
  min: number,
  max: number,
): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw new Error(`expected a number from ${min} to ${max}, got "${text}"`);
  };
}

/** The milliseconds of a span of time such as `30d`. @throws {Error} where it is none, or empty */
export function parseSpan(text: string): number {
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  throw new Error(
    `expected a span of time such as 90m, 12h, 30d or 4w, got "${text}"`,
  );
}

/** The flag of a name in camel case: `--max-message` for `maxMessage`. */
export function flagName(key: string): string {
  return `--${
    key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  }`;
}

/** Flags as a help text lists them, each with its brief from this column on. */
export function flagsHelp(flags: Flags, column: number): string {
  const rows = Object.entries(flags).map(([key, flag]): [string, string] => [
    flag.kind === "boolean" || flag.placeholder === undefined
      ? flagName(key)
      : `${flagName(key)} ${flag.placeholder}`,
    flag.brief,
  ]);
  return helpRows(rows, column);
}

/** What a help text lists, each with what it is from this column on. */
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
