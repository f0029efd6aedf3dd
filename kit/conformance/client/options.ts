/**
 * The command line of `deno task conformance --client`.
 *
 * @module
 */

import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  flagName,
  flagsHelp,
  nonEmpty,
  switchFlag,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { type Address, parsePort } from "../../../shared/folder/info_files.ts";
import {
  onlyFlag,
  reportFlags,
  type ReportForm,
  reportForm,
  timeoutFlag,
} from "../options.ts";

/** Default time of a step in milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

const flags = {
  client: switchFlag("check a client, not a server"),
  port: valueFlag(
    "N",
    "where to listen; 0 takes a free one",
    (text) => parsePort(text, 0),
  ),
  host: valueFlag("ADDRESS", "on which address (default: 127.0.0.1)", nonEmpty),
  drive: valueFlag(
    "COMMAND",
    "start the client with this command of the shell and type\ninto its menu; it starts in a new folder, so give whole\npaths; without it you do what the script says",
    nonEmpty,
  ),
  badly: switchFlag("respond badly, too"),
  only: onlyFlag(
    "PATTERNS",
    "checks to make: names, clauses or subjects with commas\nbetween them, * for anything",
  ),
  timeout: timeoutFlag(
    `what a step of a driven client may take (default: ${DEFAULT_TIMEOUT})`,
    1,
  ),
  ...reportFlags,
  list: switchFlag("print the script and the checks"),
};

/** What `--help` prints. */
export const CLIENT_HELP =
  `Plays the server for a client of any language and checks what it sends.

Usage: deno task conformance --client --port N [flags]

${flagsHelp(flags, 19)}
Examples:
  deno task conformance --client --port 1357
  deno task conformance --client --port 0 --drive "python3 $PWD/client.py"
  deno task conformance --client --port 0 --badly --html report.html \\
    --drive "java -jar $PWD/client.jar"

The exit code is the number of MUSTs that failed.
`;

/** Flags that checks of a server don't have. */
const own: readonly (keyof typeof flags)[] = ["port", "host", "drive", "badly"];

/** The first flag in a command line that is for clients alone. */
export function clientFlagIn(args: readonly string[]): string | undefined {
  const names = own.map(flagName);
  return args.map((arg) => arg.replace(/=.*/s, ""))
    .find((arg) => names.includes(arg));
}

/** A parsed command line. */
export interface ClientOptions extends ReportForm {
  /** Where to listen. */
  readonly address: Address;
  /** Command that starts the client; undefined if a person does. */
  readonly drive: string | undefined;
  /** Whether some responses are bad. */
  readonly badly: boolean;
  /** Patterns of checks; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Milliseconds that a step of a driven client gets. */
  readonly timeout: number;
}

/** @throws {UsageError} if the command line is invalid */
export async function readClientOptions(
  args: readonly string[],
): Promise<ClientOptions> {
  const { values, words } = await readCommandLine(args, flags, 1);
  if (words.length > 0) {
    throw new UsageError(
      "--client takes no address: your client connects to this program, at --port N",
    );
  }
  const { port, host = "127.0.0.1", drive, badly = false, only } = values;
  const form = reportForm(values);
  if (port === undefined && !form.list) {
    throw new UsageError("--client needs --port N, or --port 0 for a free one");
  }
  return {
    ...form,
    address: { hostname: host, port: port ?? 0 },
    ...{ drive, badly, only },
    timeout: values.timeout ?? DEFAULT_TIMEOUT,
  };
}
