/**
 * The command line of `deno task conformance`.
 *
 * @module
 */

import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  type FlagValues,
  nonEmpty,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { UsageError } from "../../shared/cli/program.ts";
import type { Dialect } from "../../shared/wire/dialects.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import type { Address } from "../../shared/folder/info_files.ts";
import {
  LINE_PREFIX,
  parseRelayLine,
  type RelayLine,
} from "../../shared/secure/relay_line.ts";
import { parseNearAddress } from "../near_address.ts";
import { DEFAULT_TIMEOUT } from "./server/check_server.ts";
import { serverDialects } from "./server/server_dialect.ts";

/** Longest `--timeout` in milliseconds. */
const LONGEST_TIMEOUT = 600_000;

/** Declares `--timeout`, which is `min` milliseconds at least. */
export const timeoutFlag = (brief: string, min: number) =>
  valueFlag("MS", brief, numberFrom(min, LONGEST_TIMEOUT, "milliseconds"));

/** Declares `--only`: names, clauses or subjects. */
export const onlyFlag = (placeholder: string, brief: string) =>
  valueFlag(
    placeholder,
    brief,
    (text) => nonEmpty(text).split(",").map((pattern) => pattern.trim()),
  );

/** Flags that say what is printed. */
export const reportFlags = {
  verbose: switchFlag("show the bytes of what passed, too"),
  brief: switchFlag(
    "show no bytes: of each failure what was expected and came",
  ),
  json: switchFlag("print JSON, an outcome a line"),
  junit: switchFlag("print JUnit's XML"),
  html: valueFlag(
    "FILE",
    "write a page to hand in, too; an earlier one is replaced",
    nonEmpty,
  ),
  list: switchFlag("print all checks and stop"),
  help: switchFlag("print this"),
};

/** What is printed. */
export interface ReportForm {
  /** For people, for programs, or for build servers. */
  readonly form: "table" | "json" | "junit";
  /** Where a page is written, too; undefined for none. */
  readonly html: string | undefined;
  /** Show the bytes of what passed, too. */
  readonly verbose: boolean;
  /** Show no bytes at all. */
  readonly brief: boolean;
  /** Print the checks and stop. */
  readonly list: boolean;
}

/** @throws {UsageError} if the flags contradict each other */
export function reportForm(
  { json, junit, html, verbose = false, brief = false, list = false }:
    FlagValues<
      typeof reportFlags
    >,
): ReportForm {
  if (json && junit) {
    throw new UsageError("--json and --junit are two reports: give one");
  }
  if (brief && (json || junit || verbose)) {
    throw new UsageError("--brief is for the table without --verbose");
  }
  if (verbose && (json || junit)) {
    throw new UsageError("--verbose is for the table: JSON has all bytes");
  }
  return {
    form: json ? "json" : junit ? "junit" : "table",
    ...{ html, verbose, brief, list },
  };
}

const flags = {
  only: onlyFlag(
    "PATTERN[,PATTERN]",
    "only the checks with this name, clause or subject, such as\npull-once, SND-8 or framing; * stands for anything: send-*",
  ),
  dialect: choiceFlag(
    "NAME",
    "the server's dialect: 600, 700, 1100, 1000 or 100 (default:\ndetected); reports give its codes as those of 600",
    serverDialects.map(({ name }) => name),
  ),
  legacy: valueFlag(
    "HOST:PORT",
    "the legacy port of the server whose line is given: checks between\nboth worlds need it",
    addressOf,
  ),
  timeout: timeoutFlag(
    `how long a response may take (default: ${DEFAULT_TIMEOUT})`,
    10,
  ),
  ...reportFlags,
};

/** What `--help` prints. */
export const HELP =
  `MessageU conformance: checks whether a server keeps to the protocol.

Usage: deno task conformance HOST:PORT [flags]
       deno task conformance mu://HOST:PORT/KEY [flags], to check a secure
       port by its line
       deno task conformance --client --port N [flags], to check a client:
       see --client --help

A port alone is one of this machine's.

${flagsHelp(flags, 15)}
Examples:
  deno task conformance 127.0.0.1:1357
  deno task conformance 127.0.0.1:1357 --only pulling --verbose
  deno task conformance 127.0.0.1:1357 --html report.html
  deno task conformance mu://127.0.0.1:1358/KEY --legacy 1357

The server may be in use: a run registers some 50 users, 100 at a secure port,
whose names begin with "Conformance", and users can't be deleted.

The exit code is the number of failed MUSTs, at most 125. It is also 2 if the
command line is invalid, nothing listens at the address, or the server needs a
longer --timeout; 130 after Ctrl-C, 129 and 143 after SIGHUP and SIGTERM.
`;

/** A parsed command line. */
export interface Options extends ReportForm {
  /** The server's address; undefined if none is given. */
  readonly address: Address | undefined;
  /** The line of its secure port, which is checked in place of an address. */
  readonly line: RelayLine | undefined;
  /** The legacy port of the server with the line. */
  readonly legacy: Address | undefined;
  /** The server's dialect; undefined if it is to be found out. */
  readonly dialect: Dialect | undefined;
  /** Patterns of checks; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Milliseconds that a response may take. */
  readonly timeout: number;
}

/** @throws {UsageError} if the command line is invalid */
export async function readOptions(args: readonly string[]): Promise<Options> {
  const { values, words: [word] } = await readCommandLine(args, flags, 1);
  const form = reportForm(values);
  if (word === undefined && !form.list) {
    throw new UsageError(
      "Which server? Give its address, as in 127.0.0.1:1357, or its line, as in mu://127.0.0.1:1358/KEY; see --help",
    );
  }
  const isLine = word?.startsWith(LINE_PREFIX) ?? false;
  if (isLine && values.dialect !== undefined) {
    throw new UsageError("--dialect is for a legacy port, and a line is given");
  }
  if (!isLine && values.legacy !== undefined) {
    throw new UsageError(
      "--legacy goes with a line, as in mu://127.0.0.1:1358/KEY",
    );
  }
  return {
    ...form,
    address: word === undefined || isLine ? undefined : addressOf(word),
    line: word !== undefined && isLine ? lineOf(word) : undefined,
    legacy: values.legacy,
    dialect: serverDialects.find(({ name }) => name === values.dialect),
    only: values.only,
    timeout: values.timeout ?? DEFAULT_TIMEOUT,
  };
}

function lineOf(word: string): RelayLine {
  try {
    return parseRelayLine(word);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(error.message);
  }
}

function addressOf(word: string): Address {
  try {
    return parseNearAddress(word);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`HOST:PORT: ${error.message}`);
  }
}
