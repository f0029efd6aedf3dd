/**
 * Parses command lines with `@stricli/core`.
 *
 * @module
 */

import {
  type Application,
  ArgumentParseError,
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  type CommandContext,
  EnumValidationError,
  FlagNotFoundError,
  formatMessageForArgumentScannerError,
  type PartialApplicationConfiguration,
  run,
  text_en,
} from "@stricli/core";
import { closest } from "./closest.ts";
import { flagName, type Flags, type FlagValues } from "./flags.ts";
import { reasonOf } from "./reason.ts";
import { UsageError } from "./program.ts";

/** A parsed command line. */
export interface CommandLine<F> {
  readonly values: FlagValues<F>;
  /** The arguments that aren't flags. */
  readonly words: readonly string[];
}

/** How all programs scan their arguments. */
export const scanner: NonNullable<
  PartialApplicationConfiguration["scanner"]
> = {
  caseStyle: "allow-kebab-for-camel",
  allowArgumentEscapeSequence: true,
};

/** Output and exit code of an application, see {@linkcode runCaptured}. */
export interface CapturedRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

/** Runs an application and captures its output. */
export async function runCaptured<C extends CommandContext>(
  application: Application<C>,
  args: readonly string[],
  context: Omit<C, "process">,
): Promise<CapturedRun> {
  const captured = { stdout: "", stderr: "" };
  const process: { exitCode?: number; [stream: string]: unknown } = {
    stdout: { write: (text: string) => void (captured.stdout += text) },
    stderr: { write: (text: string) => void (captured.stderr += text) },
  };
  await run(application, args, { ...context, process } as unknown as C);
  return { ...captured, exitCode: process.exitCode };
}

/**
 * Parses the command line of a program without verbs of `@stricli/core`. The
 * last value of a repeated flag counts.
 *
 * @param mostWords the highest number of arguments that aren't flags
 * @throws {UsageError} on an unknown flag, a value that is missing or invalid,
 * or too many arguments
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
    scanner,
    localization: { text },
  }, {});
  await runCaptured(application, args, {});
  if (line !== undefined) return line;
  const sentence = await usageSentence(failure, flags);
  const isValue = failure instanceof ArgumentParseError ||
    failure instanceof EnumValidationError;
  throw new UsageError(isValue ? sentence : `${sentence}: see --help`);
}

/**
 * A sentence about an argument that the library doesn't accept.
 *
 * @param flags those that may be meant by an unknown one
 */
export async function usageSentence(
  failure: unknown,
  flags: Flags,
): Promise<string> {
  if (failure instanceof FlagNotFoundError) {
    const names = Object.keys(flags).map(flagName);
    const meant = await closest(`--${failure.input}`, names);
    const question = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    return `Unknown flag --${failure.input}${question}`;
  }
  return failure instanceof ArgumentScannerError
    ? formatMessageForArgumentScannerError(failure, sentences)
    : reasonOf(failure);
}

/** Declares flags to the library so that each may be repeated. */
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

/** The last value of a repeated flag; undefined if the flag is missing. */
function lastOf(given: unknown): unknown {
  if (typeof given === "number") return true;
  return Array.isArray(given) ? given.at(-1) : undefined;
}

/** Messages for the library's errors. */
const sentences: Parameters<typeof formatMessageForArgumentScannerError>[1] = {
  AliasNotFoundError: ({ input }) => `Unknown flag -${input}`,
  UnsatisfiedFlagError: ({ externalFlagName }) =>
    `--${externalFlagName} needs a value`,
  UnexpectedFlagError: ({ externalFlagName }) =>
    `--${externalFlagName} is given twice: give it once`,
  InvalidNegatedFlagSyntaxError: ({ externalFlagName }) =>
    `--${externalFlagName} takes no value`,
  UnexpectedPositionalError: ({ input }) => `Unexpected word "${input}"`,
  UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing`,
  EnumValidationError: ({ externalFlagName, values, input }) =>
    `--${externalFlagName}: expected ${
      values.join(", ").replace(/, ([^,]+)$/, " or $1")
    }, got "${input}"`,
  ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) => {
    if (isPlaceholder(name)) return `${name}: ${reasonOf(exception)}`;
    // The library's own, of a flag without a value; ours throw an `Error`.
    return exception instanceof SyntaxError
      ? `--${name} takes no value`
      : `--${name}: ${reasonOf(exception)}`;
  },
};

/** Whether the library names an argument, and not a flag. */
function isPlaceholder(name: string): boolean {
  return name === name.toUpperCase();
}
