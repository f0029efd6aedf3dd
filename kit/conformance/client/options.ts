/**
 * The command line of `deno task conformance --client`.
 *
 * @module
 */

import { numberOf, parseFlags, portOf } from "../../flags.ts";
import { UsageError } from "../../../shared/cli/program.ts";

/** Milliseconds that a step of a driven client gets where nothing else is asked for. */
const DEFAULT_TIMEOUT = 10_000;
const TIMEOUTS = { min: 1, max: 600_000, what: "milliseconds" };

/** What `--help` prints. */
export const CLIENT_HELP =
  `Plays the server for a client of any language and checks what it sends.

Usage: deno task conformance --client --port N [flags]

  --client         check a client, not a server
  --port N         where to listen; 0 takes a free port
  --host ADDRESS   on which address (default: 127.0.0.1)
  --drive COMMAND  start the client with this command of the shell and type
                   into its menu; without it you do what the script says
  --badly          answer badly, too
  --only PATTERNS  checks to make: names, clauses or subjects with commas
                   between them, * for anything
  --list           print the script and the checks
  --timeout MS     what a step of a driven client may take (default: ${DEFAULT_TIMEOUT})
  --json           the report as JSON
  --junit          the report as JUnit's XML
  --verbose        the bytes of what passed, too
  --brief          no bytes at all
  --help           print this

The exit code is the number of MUSTs that failed.
`;

/** What is asked for. */
export interface ClientOptions {
  /** Where to listen. */
  readonly address: { hostname: string; port: number };
  /** Starts the client; undefined where a person does. */
  readonly drive: string | undefined;
  /** Whether some answers are to be bad. */
  readonly badly: boolean;
  /** Names, clauses or subjects; undefined for all checks. */
  readonly only: readonly string[] | undefined;
  /** Milliseconds that a step of a driven client gets. */
  readonly timeout: number;
  /** What is printed. */
  readonly form: "table" | "json" | "junit";
  /** Whether the bytes of what passed are printed too. */
  readonly verbose: boolean;
  /** Whether no bytes are printed. */
  readonly brief: boolean;
  /** Whether only the script is to be printed. */
  readonly list: boolean;
}

/** @throws {UsageError} where the flags can't be obeyed */
export function parseClientOptions(args: readonly string[]): ClientOptions {
  const { values, switches } = parseFlags(
    args,
    ["port", "host", "drive", "only", "timeout"],
    ["client", "badly", "list", "json", "junit", "verbose", "brief"],
  );
  const { badly, list, json, junit, verbose, brief } = switches;
  if (json && junit) throw new UsageError("--json or --junit, not both");
  if (brief && (json || junit || verbose)) {
    throw new UsageError("--brief is for the table without --verbose");
  }
  if (values.port === undefined && !list) {
    throw new UsageError("--client needs --port N, or --port 0 for a free one");
  }
  return {
    address: {
      hostname: values.host ?? "127.0.0.1",
      port: portOf(values.port, 0) ?? 0,
    },
    drive: values.drive,
    badly,
    only: values.only?.split(",").map((pattern) => pattern.trim()),
    timeout: numberOf("timeout", values.timeout, TIMEOUTS) ?? DEFAULT_TIMEOUT,
    form: json ? "json" : junit ? "junit" : "table",
    verbose,
    brief,
    list,
  };
}
