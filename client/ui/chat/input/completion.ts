/**
 * Completes the input line on Tab.
 *
 * @module
 */

import { expandHome } from "../../typed_path.ts";
import { COMMANDS, NOTIFY_MODES } from "../model/commands.ts";

/** Sources of candidates. */
export interface CompletionSources {
  /** The names of the contacts. */
  names: readonly string[];
  /** Lists a folder; folders end with a slash. Empty if it can't be read. */
  list: (folder: string) => Promise<string[]>;
  /** The folder for `~`. */
  home: string | undefined;
}

/** Result of a completion. */
export interface Completion {
  /** The line up to the cursor, completed as far as it is unique. */
  line: string;
  /** The candidates if there are several. */
  candidates: string[];
}

/** Completes the line up to the cursor. */
export async function complete(
  line: string,
  sources: CompletionSources,
): Promise<Completion> {
  const argument = /^\/(\S+)[ \t]+(.*)$/s.exec(line);
  if (argument === null) {
    if (!line.startsWith("/") || /\s/.test(line)) {
      return { line, candidates: [] };
    }
    return choose("", line, COMMANDS.map(({ name }) => `/${name} `));
  }
  const [, name = "", typed = ""] = argument;
  const head = line.slice(0, line.length - typed.length);
  switch (COMMANDS.find((command) => command.name === name)?.completes) {
    case "name":
      return choose(head, typed, sources.names);
    case "notify":
      return choose(head, typed, NOTIFY_MODES);
    case "path":
      return await completePath(head, typed, sources);
    default:
      return { line, candidates: [] };
  }
}

async function completePath(
  head: string,
  typed: string,
  { list, home }: CompletionSources,
): Promise<Completion> {
  if (typed === "~") return { line: `${head}~/`, candidates: [] };
  const folder = typed.slice(0, typed.lastIndexOf("/") + 1);
  const start = typed.slice(folder.length);
  const names = (await list(expandHome(folder, home) || "."))
    // Hides hidden files unless the typed name starts with a dot.
    .filter((name) => start.startsWith(".") || !name.startsWith("."))
    .sort();
  return choose(head + folder, start, names);
}

function choose(
  head: string,
  typed: string,
  all: readonly string[],
): Completion {
  const fitting = all.filter((name) => name.startsWith(typed));
  const [first] = fitting;
  if (first === undefined) return { line: head + typed, candidates: [] };
  const common = fitting.reduce(commonStart);
  return {
    line: head + common,
    candidates: fitting.length === 1 ? [] : fitting.map((name) => name.trim()),
  };
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  const common = a.slice(0, length);
  return common.isWellFormed() ? common : common.slice(0, -1);
}
