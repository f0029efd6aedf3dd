/**
 * The help of the program and of its verbs, from their declarations.
 *
 * @module
 */

import {
  flagName,
  type Flags,
  helpRows,
  switchFlag,
} from "../../../shared/cli/flags.ts";
import { type Argument, globalFlags, type Verb } from "./verb/verb.ts";
import { PROGRAM } from "./verb/output.ts";
import { loadVerb, verbNames } from "./verbs.ts";

type Flag = Flags[string];

/** Columns of a line. */
const WIDTH = 80;
/** The column of the explanations. */
const COLUMN = 24;

const ABOUT = `MessageU client: exchanges messages through a relay.

Usage: ${PROGRAM} VERB [arguments] [flags]

Without a verb it runs the menu. "${PROGRAM} help VERB" explains a verb.
`;

const RESULTS = `
Data goes to standard output, all else to standard error. Exit codes: 0 done,
1 failed, or nothing found; 2 the command line, 3 no relay, 4 the relay refused,
5 no contact has that name, 6 the contact's key changed, 7 not registered, 8 the
folder's files; 129, 130 and 143 after a signal.

First steps:
  ${PROGRAM} register alice --server relay.example:1357
  ${PROGRAM} send bob "Hello Bob!"
  ${PROGRAM} pull
  ${PROGRAM} chat bob`;

/** Flags that every verb has. */
const flagsOfAll: Flags = {
  ...globalFlags,
  help: switchFlag(`Explain the verb, as "${PROGRAM} help VERB" does`),
};

/** The help of the whole program. */
export async function programHelp(): Promise<string> {
  const rows: [usage: string, brief: string][] = [];
  for (const name of verbNames) {
    const verb = await loadVerb(name);
    rows.push([indented(usage(name, verb)), verb.brief]);
  }
  return `${ABOUT}
${rowsHelp(rows)}
Flags of every verb:

${rowsHelp(flagRows(flagsOfAll))}${
    rowsHelp([
      ["--version", "Print the version"],
      ["--", "What follows is no flag"],
    ])
  }${RESULTS}`;
}

/** The help of a verb. */
export function verbHelp(name: string, verb: Verb): string {
  const { about = verb.brief, args = [], flags = {}, examples } = verb;
  const parts: [title: string, rows: string][] = [
    [
      "Arguments",
      rowsHelp(args.map(({ placeholder, brief }) => [placeholder, brief])),
    ],
    ["Flags", rowsHelp(flagRows(flags))],
    ["Flags of every verb", rowsHelp(flagRows(flagsOfAll))],
    [
      "Examples",
      examples.map((example) => `  ${example}\n`).join(""),
    ],
  ];
  const sections = parts.filter(([, rows]) => rows !== "")
    .map(([title, rows]) => `\n${title}:\n${rows}`);
  return `Usage: ${indented(verbUsage(name, verb))}

${about.split("\n").map((line) => wrapped(line, WIDTH)).join("\n")}
${sections.join("").trimEnd()}`;
}

/** A verb's usage: `messageu history [NAME] [--limit N] [--since WHEN]`. */
export function verbUsage(name: string, verb: Verb): string {
  return `${PROGRAM} ${usage(name, verb)}`;
}

function usage(name: string, { args = [], flags = {} }: Verb): string {
  const words = [
    ...args.map((each) => [isOptional(each), each.placeholder] as const),
    ...Object.entries(flags).map((each) =>
      [isOptional(each[1]), flagUsage(each)] as const
    ),
  ];
  return [
    name,
    ...words.map(([isOptional, word]) => isOptional ? `[${word}]` : word),
  ].join(" ");
}

function isOptional(parameter: Argument<unknown> | Flag): boolean {
  return "default" in parameter ||
    "optional" in parameter && parameter.optional === true;
}

/** A flag with what it takes: `--limit N`. */
function flagUsage([key, flag]: [string, Flag]): string {
  if (flag.kind === "boolean") return flagName(key);
  const value = flag.kind === "enum"
    ? flag.placeholder ?? flag.values.join("|")
    : flag.placeholder;
  return `${flagName(key)} ${value}`;
}

function flagRows(flags: Flags): [string, string][] {
  return Object.entries(flags).map((each) => {
    const [, flag] = each;
    const preset = "default" in flag ? ` (default: ${flag.default})` : "";
    return [flagUsage(each), flag.brief + preset];
  });
}

function rowsHelp(rows: readonly (readonly [string, string])[]): string {
  return helpRows(
    rows.map(([head, brief]) => [head, wrapped(brief, WIDTH - COLUMN)]),
    COLUMN,
  );
}

/** Wraps a usage, whose words may hold blanks. */
function indented(usage: string): string {
  const words = usage.match(/\[[^\]]*\]|\S+/g) ?? [];
  return wrapWords(words, WIDTH - 8).join("\n      ");
}

function wrapped(text: string, width: number): string {
  if (text.length <= width) return text;
  return wrapWords(text.split(" "), width).join("\n");
}

function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
