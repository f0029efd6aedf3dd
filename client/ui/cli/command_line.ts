/**
 * Parses command lines that have flags or arguments.
 *
 * @module
 */

import {
  AliasNotFoundError,
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  FlagNotFoundError,
  text_en,
  UnexpectedPositionalError,
} from "@stricli/core";
import {
  runCaptured,
  scanner,
  usageSentence,
} from "../../../shared/cli/command_line.ts";
import { UsageError, VERSION } from "../../../shared/cli/program.ts";
import { verbUsage } from "./help.ts";
import { runVerb } from "./run_client.ts";
import { complain, exitCodes, reject } from "./verb/report.ts";
import { globalFlags, type ParserContext, type Verb } from "./verb/verb.ts";
import { type Io, Output, PROGRAM } from "./verb/output.ts";
import {
  DEFAULT_VERB,
  isVerb,
  loadVerb,
  type VerbName,
  verbNamed,
} from "./verbs.ts";

/**
 * Parses a command line and runs its verb, the first word.
 *
 * @returns the exit code
 */
export async function parseAndRun(
  io: Io,
  args: readonly string[],
): Promise<number> {
  const [first = ""] = args;
  const isVerbMissing = first === "" || first.startsWith("-");
  const [word = "", ...rest] = isVerbMissing ? [DEFAULT_VERB, ...args] : args;
  const output = new Output(args.includes("--json"), io);
  const end = args.indexOf("--");
  const flags = args.slice(0, end < 0 ? undefined : end);
  const isAsked = (...names: string[]) =>
    names.some((name) => flags.includes(name));
  if (isAsked("--help", "-h")) {
    const topic = isVerbMissing || !isVerb(word) ? [] : [word];
    return await runVerb(io, await loadVerb("help"), {}, topic);
  }
  if (isVerbMissing && isAsked("--version", "-v")) {
    await output.write(VERSION);
    return exitCodes.done;
  }
  try {
    const name = await verbNamed(word);
    return await parseVerb(io, name, await loadVerb(name), rest, output);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(output, error);
    return exitCodes.usage;
  }
}

/**
 * Parses the arguments of a verb and runs it, or reports what is wrong with them.
 *
 * @returns the exit code
 */
export async function parseVerb(
  io: Io,
  name: string,
  verb: Verb,
  args: readonly string[],
  output: Output,
): Promise<number> {
  const failures: unknown[] = [];
  const text = {
    ...text_en,
    exceptionWhileParsingArguments(failure: unknown) {
      failures.push(failure);
      return "";
    },
  };
  const application = buildApplication(commandOf(io, verb), {
    name: PROGRAM,
    scanner,
    localization: { text },
  }, {});
  const contactNames = () => Promise.resolve([]);
  const { stderr, exitCode = exitCodes.failure } = await runCaptured(
    application,
    args,
    { contactNames },
  );
  const [failure] = failures;
  if (failure === undefined) {
    if (stderr.trim() !== "") throw new Error(stderr.trim());
    return exitCode;
  }
  const isFlag = failure instanceof FlagNotFoundError ||
    failure instanceof AliasNotFoundError;
  const isSplit = failure instanceof UnexpectedPositionalError &&
    verb.args !== undefined;
  const command = name === DEFAULT_VERB ? PROGRAM : `${PROGRAM} ${name}`;
  reject(
    output,
    "usage",
    await usageSentence(failure, { ...verb.flags, ...globalFlags }),
    isFlag
      ? `A word that begins with a dash and isn't a flag goes behind "--". See: ${command} --help`
      : `${isSplit ? "Put what has blanks in quotes. " : ""}Usage: ${
        verbUsage(name, verb)
      }`,
  );
  return exitCodes.usage;
}

/** Builds the program with some verbs, for completion. */
export async function applicationOf(
  io: Io,
  names: readonly VerbName[],
): Promise<Application<ParserContext>> {
  const routes: Record<string, Command<ParserContext>> = {};
  for (const name of names) {
    routes[name] = commandOf(io, await loadVerb(name));
  }
  return buildApplication(
    buildRouteMap({ routes, docs: { brief: PROGRAM } }),
    {
      name: PROGRAM,
      scanner,
      documentation: { caseStyle: "convert-camel-to-kebab" },
      versionInfo: { currentVersion: VERSION },
    },
  );
}

function commandOf(io: Io, verb: Verb): Command<ParserContext> {
  return buildCommand<
    Readonly<Record<string, unknown>>,
    readonly unknown[],
    ParserContext
  >({
    docs: { brief: verb.brief },
    parameters: {
      flags: { ...verb.flags, ...globalFlags },
      positional: { kind: "tuple", parameters: verb.args ?? [] },
      // deno-lint-ignore no-explicit-any -- `defineVerb` has checked them
    } as any,
    async func(flags, ...args) {
      (this.process as { exitCode?: number }).exitCode = await runVerb(
        io,
        verb,
        flags,
        args,
      );
    },
  });
}
