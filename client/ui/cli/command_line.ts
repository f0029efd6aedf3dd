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
import { exitCodes, reject } from "./verb/failure.ts";
import { globalFlags } from "./verb/global_flags.ts";
import { ABOUT } from "./help.ts";
import { Output } from "./verb/output.ts";
import { runTask } from "./run_task.ts";
import {
  loaderOf,
  type ParserContext,
  type Verb,
  type VerbTable,
} from "./verb/verb.ts";
import { DEFAULT_VERB } from "./verb_names.ts";

/** What the help calls the program. */
export const PROGRAM = "client";
/** Flags that are the program's own, whatever verb there is none of. */
const ROOT_FLAGS = ["--help", "-h", "--version", "-v"];
/** What the library says of a word that begins with a dash. */
const NO_FLAG = /^No (alias|flag) registered/m;

/** A program whose exit code isn't settled yet. */
interface Process {
  readonly stdout: CommandContext["process"]["stdout"];
  readonly stderr: CommandContext["process"]["stderr"];
  exitCode: number | null;
}

/**
 * Does what a command line says whose verb stands first, where it has one.
 *
 * @returns the exit code
 */
export async function parseAndRun(
  args: readonly string[],
  verbs: VerbTable,
): Promise<number> {
  const [word = "", ...rest] = args;
  const load = loaderOf(verbs, word);
  if (load !== undefined) {
    // Of one verb alone nothing but that verb is loaded.
    const command = commandOf((await load()).verb);
    return await runApplication(
      buildApplication(command, configuration(`${PROGRAM} ${word}`)),
      rest,
      args,
    );
  }
  const flag = args.find((arg) => ROOT_FLAGS.includes(arg));
  if (flag === undefined && (word === "" || word.startsWith("-"))) {
    return await parseAndRun([DEFAULT_VERB, ...args], verbs);
  }
  return await runApplication(
    await wholeApplication(verbs),
    [flag ?? word],
    args,
  );
}

/** The program with all of its verbs. */
export async function wholeApplication(
  verbs: VerbTable,
): Promise<Application<ParserContext>> {
  const routes: Record<string, Command<ParserContext>> = {};
  for (const [name, load] of Object.entries(verbs)) {
    routes[name] = commandOf((await load()).verb);
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
    versionInfo: {
      getCurrentVersion: async () => {
        const { default: config } = await import("../../../deno.json", {
          with: { type: "json" },
        });
        return config.version;
      },
    },
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

function commandOf(verb: Verb): Command<ParserContext> {
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
      positional: { kind: "tuple", parameters: verb.args },
      // deno-lint-ignore no-explicit-any -- `defineVerb` has checked them
    } as any,
    async func(flags, ...args) {
      (this.process as Process).exitCode = await runTask(verb, flags, args);
    },
  });
}

async function runApplication(
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
  const output = new Output(all.includes("--json"));
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
