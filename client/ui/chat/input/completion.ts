/**
 * What Tab makes of a line.
 *
 * @module
 */

import { expandHome } from "../../typed_path.ts";
import { COMMANDS, NOTIFY_MODES } from "../model/commands.ts";

/** Where the candidates for a completion come from. */
export interface CompletionSources {
  /** The names that can be talked to. */
  names: readonly string[];
  /** The names in a folder, those of folders with a slash behind; none where it can't be read. */
  list: (folder: string) => Promise<string[]>;
  /** What `~` stands for. */
  home: string | undefined;
}

/** What Tab found. */
export interface Completion {
  /** The line's beginning up to the cursor, as far as it is clear. */
  line: string;
  /** What it could be, where there is more than one. */
  candidates: string[];
}

/** Completes the part of a line that stands before the cursor. */
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
    // Hidden ones are for who asks for them.
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
