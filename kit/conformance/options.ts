/**
 * The command line of `deno task conformance`.
 *
 * @module
 */

import { numberOf, oneOf, parseFlags } from "../flags.ts";
import type { Dialect } from "../../shared/wire/dialects.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { type Address, parseAddress } from "../../shared/folder/info_server.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { DEFAULT_TIMEOUT } from "./server/check_server.ts";
import { generations } from "./server/generation.ts";

/** What `--help` prints. */
export const HELP =
  `MessageU conformance: checks whether a server keeps to the protocol.

Usage: deno task conformance HOST:PORT [flags]
       deno task conformance --client --port N [flags], to check a client:
       see --client --help

  --only PATTERN[,PATTERN]
               only the checks with this name, clause or subject, such as
               pull-once, SND-8 or framing; * stands for anything: send-*
  --dialect NAME
               the generation that the server speaks: 600, 700, 1100, 1000 or
               100 (default: found out); its codes are told as those of 600
  --timeout MS how long an answer may take (default: ${DEFAULT_TIMEOUT})
  --verbose    show the bytes of what passed, too
  --brief      show no bytes at all: of each failure what was expected and came
  --json       print JSON, an outcome a line
  --junit      print JUnit's XML
  --list       print all checks and stop
  --help       print this

The server may be in use: a run registers some 50 users whose names begin with
"Conformance", and users can't be deleted.

Exit codes: 0 all that is a MUST passed; 1 to 125 so many MUSTs failed (2 also
where the command line can't be obeyed, nothing listens at the address, or the
server needs a longer --timeout); 130 after Ctrl-C, 129 and 143 after SIGHUP and
SIGTERM.
`;

/** Milliseconds. */
const TIMEOUTS = { min: 10, max: 600_000, what: "milliseconds" };

/** What the command line asks for. */
export interface Options {
  /** Print the checks and stop. */
  list: boolean;
  /** Show the bytes of what passed, too. */
  verbose: boolean;
  /** Show no bytes at all. */
  brief: boolean;
  /** For people, for programs, or for build servers. */
  form: "table" | "json" | "junit";
  /** Where the server is; undefined where none was named. */
  address: Address | undefined;
  /** What the server speaks; undefined where that is to be found out. */
  dialect: Dialect | undefined;
  /** Which checks are made; undefined for all. */
  only: string[] | undefined;
  /** Milliseconds that an answer may take. */
  timeout: number;
}

/**
 * Reads the command line.
 *
 * @throws {UsageError} where it can't be obeyed
 */
export function readOptions(args: readonly string[]): Options {
  const { values, switches, words } = parseFlags(
    args,
    ["only", "timeout", "dialect"],
    ["json", "junit", "verbose", "brief", "list"],
    1,
  );
  const { json, junit, verbose, brief, list } = switches;
  if (json && junit) {
    throw new UsageError("--json and --junit are two reports: give one");
  }
  if (verbose && (json || junit)) {
    throw new UsageError("--verbose is for the table: JSON has all bytes");
  }
  if (brief && (json || junit || verbose)) {
    throw new UsageError("--brief is for the table without --verbose");
  }
  const names = generations.map(({ name }) => name);
  const dialect = oneOf("dialect", values.dialect, names);
  const [word] = words;
  if (word === undefined && !list) {
    throw new UsageError("Which server? Give HOST:PORT; see --help");
  }
  return {
    ...{ verbose, brief, list },
    form: json ? "json" : junit ? "junit" : "table",
    address: word === undefined ? undefined : addressOf(word),
    dialect: generations.find(({ name }) => name === dialect),
    only: values.only?.split(",").map((pattern) => pattern.trim()),
    timeout: numberOf("timeout", values.timeout, TIMEOUTS) ?? DEFAULT_TIMEOUT,
  };
}

function addressOf(word: string): Address {
  try {
    return parseAddress(word);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`HOST:PORT: ${error.message}`);
  }
}
