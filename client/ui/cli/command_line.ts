/**
 * Parses command lines that have flags or arguments, and prints the help.
 *
 * @module
 */

import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  ExitCode,
  type PartialApplicationConfiguration,
} from "@stricli/core";
import { runCaptured, scanner } from "../../../shared/cli/command_line.ts";
import { flagsHelp } from "../../../shared/cli/flags.ts";
import { VERSION } from "../../../shared/cli/program.ts";
import { runVerb } from "./run_client.ts";
import { exitCodes, reject } from "./verb/report.ts";
import { globalFlags, type ParserContext, type Verb } from "./verb/verb.ts";
import { type Io, Output } from "./verb/output.ts";
import { DEFAULT_VERB, isVerb, loadVerb, verbNames } from "./verbs.ts";

/** The name of the program in the help. */
const PROGRAM = "client";
/** Flags accepted without a verb. */
const ROOT_FLAGS = ["--help", "-h", "--version", "-v"];
/** The start of the library's message about an unknown flag. */
const NO_FLAG = /^No (alias|flag) registered/m;

const BRIEF = "MessageU client: exchanges messages through a relay.";

/** The help of the program as a whole. */
const ABOUT = `${BRIEF}

Without a verb it runs the menu. "client VERB --help" lists a verb's flags; every verb accepts:

${flagsHelp(globalFlags, 23)}
Data goes to standard output, all else to standard error. Exit codes: 0 done,
1 failed, 2 the command line, 3 no relay, 4 the relay refused, 5 no contact has
that name, 6 the contact's key changed, 7 not registered, 8 the folder's files;
129, 130 and 143 after a signal.`;

/**
 * Parses a command line and runs its verb, the first word.
 *
 * @returns the exit code
 */
export async function parseAndRun(
  io: Io,
  args: readonly string[],
): Promise<number> {
  const [word = "", ...rest] = args;
  if (isVerb(word)) {
    // Loads no other verb.
    const app = buildApplication(
      commandOf(io, await loadVerb(word)),
      configuration(`${PROGRAM} ${word}`),
    );
    return await runApplication(io, app, rest, args);
  }
  const flag = args.find((arg) => ROOT_FLAGS.includes(arg));
  if (flag === undefined && (word === "" || word.startsWith("-"))) {
    return await parseAndRun(io, [DEFAULT_VERB, ...args]);
  }
  const app = await wholeApplication(io);
  return await runApplication(io, app, [flag ?? word], args);
}

/** Builds the program with all of its verbs. */
export async function wholeApplication(
  io: Io,
): Promise<Application<ParserContext>> {
  const routes: Record<string, Command<ParserContext>> = {};
  for (const name of verbNames) {
    routes[name] = commandOf(io, await loadVerb(name));
  }
  const root = buildRouteMap({
    routes,
    docs: {
      brief: BRIEF,
      fullDescription: ABOUT,
    },
  });
  return buildApplication(root, {
    ...configuration(PROGRAM),
    versionInfo: { currentVersion: VERSION },
  });
}

function configuration(name: string): PartialApplicationConfiguration {
  return {
    name,
    scanner,
    documentation: {
      caseStyle: "convert-camel-to-kebab",
      disableAnsiColor: true,
      onlyRequiredInUsageLine: true,
    },
  };
}

function commandOf(io: Io, verb: Verb): Command<ParserContext> {
  return buildCommand<
    Readonly<Record<string, unknown>>,
    readonly unknown[],
    ParserContext
  >({
    docs: {
      brief: verb.brief,
      ...(verb.about === undefined ? {} : { fullDescription: verb.about }),
    },
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

async function runApplication(
  io: Io,
  app: Application<ParserContext>,
  inputs: readonly string[],
  all: readonly string[],
): Promise<number> {
  const contactNames = () => Promise.resolve([]);
  const { stdout, stderr, exitCode } = await runCaptured(app, inputs, {
    contactNames,
  });
  const output = new Output(all.includes("--json"), io);
  if (stdout !== "") await output.write(stdout.trimEnd());
  const exit = exitCode ?? exitCodes.failure;
  const usage = exit === ExitCode.InvalidArgument ||
    exit === ExitCode.UnknownCommand;
  if (stderr !== "") {
    const message = stderr.trimEnd();
    const see = `See: ${app.config.name} --help`;
    reject(
      output,
      usage ? "usage" : "failure",
      message.replaceAll("\n", "; "),
      NO_FLAG.test(message)
        ? `A word that begins with a dash and isn't a flag goes behind "--". ${see}`
        : see,
    );
  }
  if (usage) return exitCodes.usage;
  return exit < 0 ? exitCodes.failure : exit;
}
