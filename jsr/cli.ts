/**
 * Stand-in for `jsr:@std/cli`: `parseArgs` with its signature, over
 * `node:util`.
 *
 * @module
 */

import { parseArgs as nodeParseArgs } from "node:util";

/** Declares flags to {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Flags with a text value. `"_"`: keep operands as text. */
  string?: readonly string[];
  /** Flags without a value. */
  boolean?: readonly string[];
  /** Called for a flag that is not declared and for each operand. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The parsed flags by name, and the operands in `_`. */
export interface Args {
  [flag: string]: unknown;
  /** The operands. */
  _: (string | number)[];
}

/**
 * Parses a command line: `--flag`, `--flag value` and `--flag=value`.
 *
 * A string flag without a value is `""`, an absent one has no key, an absent
 * boolean is `false`, and the last of a repeated flag wins.
 */
export function parseArgs(
  args: readonly string[],
  options: ParseOptions = {},
): Args {
  const strings = (options.string ?? []).filter((name) => name !== "_");
  const booleans = options.boolean ?? [];
  const terminator = args.indexOf("--");
  const flagsEnd = terminator < 0 ? args.length : terminator;
  const { tokens } = nodeParseArgs({
    // A flag after a flag isn't its value, unless joined with "=".
    args: args.map((arg, i) =>
      i < flagsEnd && strings.includes(arg.slice(2)) &&
        arg.startsWith("--") && args[i + 1]?.startsWith("-")
        ? `${arg}=`
        : arg
    ),
    options: Object.fromEntries([
      ...strings.map((name) => [name, { type: "string" }] as const),
      ...booleans.map((name) => [name, { type: "boolean" }] as const),
    ]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const parsed: Args = { _: [] };
  for (const name of booleans) parsed[name] = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (options.unknown?.(token.value) !== false) parsed._.push(token.value);
    } else if (strings.includes(token.name)) {
      parsed[token.name] = token.value ?? "";
    } else if (booleans.includes(token.name)) {
      parsed[token.name] = token.value !== "false";
    } else if (
      options.unknown?.(token.rawName, token.name, token.value) !== false
    ) {
      parsed[token.name] = token.value ?? true;
    }
  }
  return parsed;
}
