/**
 * Reads the command lines of programs with a help text of their own:
 * `@stricli/core` parses, and its errors become sentences.
 *
 * @module
 */

import {
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from "@stricli/core";
import type { Flags, FlagValues } from "./flags.ts";
import { reasonOf } from "./reason.ts";
import { UsageError } from "./usage_error.ts";

/** What a command line says. */
export interface CommandLine<F> {
  /** The values of its flags. */
  readonly values: FlagValues<F>;
  /** Its words that are no flags. */
  readonly words: readonly string[];
}

/**
 * Reads a command line. Of a flag that is given twice the last value counts.
 *
 * @param mostWords words that it may have beside its flags
 * @throws {UsageError} on a flag that isn't declared, a value that is missing
 * or can't be parsed, or a word too many
 */
export async function readCommandLine<F extends Flags>(
  args: readonly string[],
  flags: F,
  mostWords = 0,
): Promise<CommandLine<F>> {
  let line: CommandLine<F> | undefined;
  let failure: unknown;
  const command = buildCommand<Record<string, unknown>, string[]>({
    docs: { brief: "" },
    parameters: {
      // deno-lint-ignore no-explicit-any -- `FlagValues` types what they become
      flags: repeatable(flags) as any,
      positional: {
        kind: "array",
        parameter: { brief: "", parse: String },
        maximum: mostWords,
      },
    },
    func(given, ...words) {
      const values = Object.entries(flags).map((
        [key, flag],
      ) => [
        key,
        lastOf(given[key]) ?? ("default" in flag ? flag.default : undefined),
      ]);
      line = { values: Object.fromEntries(values), words };
    },
  });
  const text = {
    ...text_en,
    exceptionWhileParsingArguments: (error: unknown) => {
      failure ??= error;
      return "";
    },
  };
  const application = buildApplication(command, {
    name: "",
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
    },
    localization: { text },
  }, {});
  const silent = { write: () => {} };
  await run(application, args, { process: { stdout: silent, stderr: silent } });
  if (line !== undefined) return line;
  throw new UsageError(
    failure instanceof ArgumentScannerError
      ? formatMessageForArgumentScannerError(failure, sentences)
      : reasonOf(failure),
  );
}

/** The flags as the library takes them any number of times. */
function repeatable(flags: Flags): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(flags).map(([key, flag]) => [
      key,
      flag.kind === "boolean"
        ? { kind: "counter", brief: flag.brief, optional: true }
        : { ...flag, default: undefined, optional: true, variadic: true },
    ]),
  );
}

/** What the last one of several stands for; undefined where there is none. */
function lastOf(given: unknown): unknown {
  if (typeof given === "number") return true;
  return Array.isArray(given) ? given.at(-1) : undefined;
}

/** What is wrong with a command line, by the library's error. */
const sentences: Parameters<typeof formatMessageForArgumentScannerError>[1] = {
  FlagNotFoundError: ({ input }) => `Unknown flag --${input}: see --help`,
  AliasNotFoundError: ({ input }) => `Unknown flag -${input}: see --help`,
  UnsatisfiedFlagError: ({ externalFlagName }) =>
    `--${externalFlagName} needs a value: see --help`,
  UnexpectedPositionalError: ({ input }) =>
    `Unexpected word "${input}": see --help`,
  EnumValidationError: ({ externalFlagName, values, input }) =>
    `--${externalFlagName}: expected ${values.join(" or ")}, got "${input}"`,
  ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
    `--${name}: ${reasonOf(exception)}`,
};
