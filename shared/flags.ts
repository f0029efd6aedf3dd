/**
 * Command lines of the programs: `@std/cli` parses them, and what it would let
 * pass is refused here with a sentence that says what to do.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { UsageError } from "./usage_error.ts";

/** The parsed flags. */
export interface Flags<V extends string, S extends string> {
  /** The values of the flags that take one and were given. */
  values: { readonly [K in V]?: string };
  /** Which of the flags without a value were given. */
  switches: { readonly [K in S]: boolean };
}

/**
 * Parses a command line that takes flags only.
 *
 * @param values flags that take a value
 * @param switches flags that take none
 * @throws {UsageError} on a flag that isn't known, a value that is missing, or
 * a word that is no flag
 */
export function parseFlags<V extends string, S extends string>(
  args: readonly string[],
  values: readonly V[],
  switches: readonly S[],
): Flags<V, S> {
  const string: string[] = [...values, "_"];
  const boolean: string[] = [...switches];
  const flags: Record<string, unknown> = parseArgs(args, {
    string,
    boolean,
    unknown(arg: string) {
      throw new UsageError(
        arg.startsWith("-")
          ? `Unknown flag ${arg}: see --help`
          : `Unexpected word "${arg}": see --help`,
      );
    },
  });
  for (const name of values) {
    if (flags[name] === "") {
      throw new UsageError(`--${name} needs a value: see --help`);
    }
  }
  return { values: flags, switches: flags } as unknown as Flags<V, S>;
}
