/**
 * Command lines of the tools: `@std/cli` parses them, and what it would let
 * pass is refused here with a sentence that says what to do.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { reasonOf } from "../shared/cli/reason.ts";
import { UsageError } from "../shared/cli/program.ts";
import { parsePort } from "../shared/folder/info_server.ts";

/** The parsed flags. */
export interface Flags<V extends string, S extends string> {
  /** The values of the flags that take one and were given. */
  values: { readonly [K in V]?: string };
  /** The words that are no flags, in their order. */
  words: readonly string[];
  /** Which of the flags without a value were given. */
  switches: { readonly [K in S]: boolean };
}

/**
 * Parses a command line.
 *
 * @param values flags that take a value
 * @param switches flags that take none
 * @param mostWords words that it may have beside its flags
 * @throws {UsageError} on a flag that isn't known, a value that is missing, or
 * a word too many
 */
export function parseFlags<V extends string, S extends string>(
  args: readonly string[],
  values: readonly V[],
  switches: readonly S[],
  mostWords = 0,
): Flags<V, S> {
  const string: string[] = [...values, "_"];
  const boolean: string[] = [...switches];
  const flags = parseArgs(args, {
    string,
    boolean,
    unknown(arg: string, key?: string) {
      // A word has no key.
      if (key !== undefined) {
        throw new UsageError(`Unknown flag ${arg}: see --help`);
      }
    },
  });
  const words = flags._.map(String);
  const excess = words[mostWords];
  if (excess !== undefined) {
    throw new UsageError(`Unexpected word "${excess}": see --help`);
  }
  for (const name of values) {
    if (flags[name] === "") {
      throw new UsageError(`--${name} needs a value: see --help`);
    }
  }
  return { values: flags, switches: flags, words } as unknown as Flags<V, S>;
}

/**
 * Parses a flag's number; undefined where the flag isn't given.
 *
 * @param what a number of what, such as `milliseconds`
 * @throws {UsageError} where it isn't one within the range
 */
export function numberOf(
  flag: string,
  text: string | undefined,
  { min = 0, max = Infinity, what = "a number" },
): number | undefined {
  if (text === undefined) return undefined;
  const number = text.trim() === "" ? NaN : Number(text);
  if (number >= min && number <= max && number < Infinity) return number;
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  throw new UsageError(`--${flag}: expected ${what} ${range}, got "${text}"`);
}

/**
 * Parses a flag that takes one of some words; undefined where it isn't given.
 *
 * @throws {UsageError} where it is none of them
 */
export function oneOf<T extends string>(
  flag: string,
  text: string | undefined,
  known: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  const words = known.join(", ").replace(/, ([^,]+)$/, " or $1");
  throw new UsageError(`--${flag}: expected ${words}, got "${text}"`);
}

/**
 * Parses a flag that names a port; undefined where it isn't given.
 *
 * @param min the least port, 0 where any free one will do
 * @throws {UsageError} where it is none
 */
export function portOf(
  text: string | undefined,
  min: 0 | 1,
): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parsePort(text, min);
  } catch (cause) {
    throw new UsageError(`--port: ${reasonOf(cause)}`, { cause });
  }
}
