/**
 * Command lines with something to parse: the library reads them, writes the
 * help and says what it can't read.
 *
 * @module
 */

import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  type CommandContext,
  ExitCode,
  type PartialApplicationConfiguration,
  run,
} from "@stricli/core";
import { VERSION } from "../../../shared/cli/help.ts";
import { runVerb } from "./run_client.ts";
import { exitCodes, reject } from "./verb/failure.ts";
import { globalFlags } from "./verb/global_flags.ts";
import type { Io } from "./verb/io.ts";
import { Output } from "./verb/output.ts";
import type { ParserContext, Verb } from "./verb/verb.ts";
import { DEFAULT_VERB, isVerb, loadVerb, verbNames } from "./verbs.ts";

/** What the help calls the program. */
const PROGRAM = "client";
/** Flags accepted without a verb. */
const ROOT_FLAGS = ["--help", "-h", "--version", "-v"];
/** What the library says of a word that begins with a dash. */
const NO_FLAG = /^No (alias|flag) registered/m;

/** What the help says of the program as a whole. */
const ABOUT = `MessageU client: talks with others through a relay.

Without a verb it is the menu. "client VERB --help" tells a verb's flags; each takes:

  --dir DIR            the folder with info.server and info.me
                       (default: the program's own where it is compiled, else .)
  --server ADDR:PORT   the relay, or several with commas between, of which one
                       will do (default: from info.server, one a line)
  --client-version N   the version that requests carry, 0 to 255 (default: 2)
  --dialect NAME       the dialect that the relay speaks: 600, 700, 1100, 1000,
                       100 or blocks (default: 600)
  --json               one JSON object a line

Data goes to standard output, all else to standard error. Exit codes: 0 done,
1 failed, 2 the command line, 3 no relay, 4 the relay refused, 5 no contact has
that name, 6 the contact's key changed, 7 not registered, 8 the folder's files;
129, 130 and 143 after a signal.`;

/** A program whose exit code isn't settled yet. */
interface Process {
  readonly stdout: CommandContext["process"]["stdout"];
  readonly stderr: CommandContext["process"]["stderr"];
  exitCode: number | null;
}

/**
 * Runs the verb that stands first in a command line, if there is one.
 *
 * @returns the exit code
 */
export async function parseAndRun(
  io: Io,
  args: readonly string[],
): Promise<number> {
  const [word = "", ...rest] = args;
  if (isVerb(word)) {
    // No other verb is loaded.
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

/** The program with all of its verbs. */
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
      brief: "MessageU client: talks with others through a relay.",
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
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
    },
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
      (this.process as Process).exitCode = await runVerb(io, verb, flags, args);
    },
  });
}

async function runApplication(
  io: Io,
  app: Application<ParserContext>,
  inputs: readonly string[],
  all: readonly string[],
): Promise<number> {
  const printed: string[] = [];
  const said: string[] = [];
  const process: Process = {
    stdout: { write: (text) => void printed.push(text) },
    stderr: { write: (text) => void said.push(text) },
    exitCode: null,
  };
  const contactNames = () => Promise.resolve([]);
  await run(app, inputs, { process, contactNames });
  const output = new Output(all.includes("--json"), io);
  if (printed.length > 0) await output.write(printed.join("").trimEnd());
  const exit = process.exitCode ?? exitCodes.failure;
  const usage = exit === ExitCode.InvalidArgument ||
    exit === ExitCode.UnknownCommand;
  if (said.length > 0) {
    const message = said.join("").trimEnd();
    const see = `See: ${app.config.name} --help`;
    reject(
      output,
      usage ? "usage" : "failure",
      message.replaceAll("\n", "; "),
      NO_FLAG.test(message)
        ? `What begins with a dash and is no flag goes behind "--". ${see}`
        : see,
    );
  }
  if (usage) return exitCodes.usage;
  return exit < 0 ? exitCodes.failure : exit;
}
