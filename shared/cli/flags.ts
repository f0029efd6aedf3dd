/**
 * Command lines of the programs: `@std/cli` parses them, and what it would let
 * pass is refused here with a sentence that says what to do.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./usage_error.ts";

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
 * The milliseconds of a flag's value such as `30d`.
 *
 * @throws {UsageError} where it is no span of time, or an empty one
 */
export function readSpan(flag: string, text: string): number {
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  throw new UsageError(
    `--${flag}: expected a span of time such as 90m, 12h, 30d or 4w, got "${text}"`,
  );
}
