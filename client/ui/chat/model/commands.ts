/**
 * The input line: a text to send, or a command with a slash, which Tab completes.
 *
 * @module
 */

import type { Command as ClientCommand } from "../../../advice.ts";
import { NOTIFY_MODES, type NotifyMode } from "../../../settings/settings.ts";
import { type KeyBindings, keyHelp } from "../../../settings/chat_actions.ts";
import type { Platform } from "../../../../shared/platform/platform.ts";
import { expandHome } from "../../typed_path.ts";

/** Whether a text is a {@linkcode NotifyMode}. */
export function isNotifyMode(text: string): text is NotifyMode {
  return (NOTIFY_MODES as readonly string[]).includes(text);
}

/** A command of the input line. */
export interface Command {
  /** Without its slash. */
  name: string;
  /** Its argument, for the help. */
  takes: string;
  /** Its description, for the help. */
  does: string;
  /** How Tab completes its argument. */
  completes: "name" | "path" | "saved" | "notify" | "nothing";
}

/** The commands in the order of the help: the most useful first, related ones together. */
const COMMANDS: readonly Command[] = [
  command("chat", "NAME", "open a conversation, or begin one", "name"),
  command("who", "", "list the other users at the relay"),
  command("search", "PATTERN", "find texts; Enter opens one"),
  command("quit", "", "leave; so do Ctrl-C and Ctrl-D on an empty line"),
  command("help", "", "list commands and keys"),
  command("file", "PATH", "send a file; Tab completes the path", "path"),
  command(
    "save",
    "[N] [PATH]",
    "save this contact's last file, or its Nth last (2: the one before)",
    "saved",
  ),
  command("open", "[N]", "open this contact's last file, or its Nth last"),
  command("editor", "", "write a long text in $VISUAL or $EDITOR"),
  command(
    "resend",
    "[ID]",
    "resend an unsent message, or all of this conversation",
  ),
  command(
    "fingerprint",
    "[NAME]",
    "show the number to compare with a contact",
    "name",
  ),
  command("accept", "NAME", "trust the new key of a contact", "name"),
  command(
    "key",
    "[send]",
    "request the key for unreadable messages, or send yours",
  ),
  command(
    "alias",
    "NAME ALIAS",
    "give a contact a name of your own; without ALIAS remove it",
    "name",
  ),
  command(
    "mute",
    "[NAME]",
    "be notified of no message from a contact; /unmute ends it",
    "name",
  ),
  command("unmute", "[NAME]", "be notified again", "name"),
  command(
    "block",
    "[NAME]",
    "drop messages from a contact, unseen; /unblock ends it",
    "name",
  ),
  command("unblock", "[NAME]", "take messages again", "name"),
  command(
    "delete",
    "[NAME]",
    "delete a conversation in this folder; asks first",
    "name",
  ),
  command(
    "notify",
    NOTIFY_MODES.join("|"),
    "how to notify of messages in other conversations",
    "notify",
  ),
];

/** A command of the client as the chat has it; undefined if it has none. */
export function chatCommand({ words }: ClientCommand): string | undefined {
  const [verb, name] = words;
  if (verb === "list") return "/who";
  if (words.join(" ") === `contact ${name} --blocked no`) {
    return `/unblock ${name}`;
  }
  const isThere = COMMANDS.some(({ name }) => name === verb);
  return isThere ? `/${words.join(" ")}` : undefined;
}

/** The names of all commands. */
export const commandNames: readonly string[] = COMMANDS.map(({ name }) => name);

/** A parsed input line. */
export type Entered =
  | { kind: "text"; text: string }
  | { kind: "command"; name: string; rest: string }
  /** Several lines that start like a command. */
  | { kind: "lines" };

/**
 * Parses what was entered. Blanks around a command are ignored; a double slash
 * starts a text with one slash.
 */
export function readEntry(entry: string): Entered {
  if (entry.startsWith("//")) return { kind: "text", text: entry.slice(1) };
  const line = entry.trim();
  if (!/^\/(?!\/)/.test(line)) return { kind: "text", text: entry };
  if (line.includes("\n")) return { kind: "lines" };
  const [name = ""] = /^\S*/.exec(line.slice(1)) ?? [];
  return { kind: "command", name, rest: line.slice(1 + name.length).trim() };
}

/** Splits "2 PATH", of which both parts may be missing; the number keeps its space. */
export function readSaved(rest: string): { number: string; path: string } {
  const [number = ""] = /^\d{1,9}(?:[ \t]+|$)/.exec(rest) ?? [];
  return { number, path: rest.slice(number.length) };
}

/** The lines of the help. */
export function helpLines(bindings: KeyBindings): string[] {
  const commands = COMMANDS.map(({ name, takes, does }) =>
    `  /${`${name} ${takes}`.trim()}: ${does}`
  );
  const keys = keyHelp(bindings).map(([keys, does]) => `  ${keys}: ${does}`);
  return [
    "Commands",
    ...commands,
    "  A text that starts with a slash is written with two",
    "Keys",
    ...keys,
  ];
}

function command(
  name: string,
  takes: string,
  does: string,
  completes: Command["completes"] = "nothing",
): Command {
  return { name, takes, does, completes };
}

/** Sources of candidates. */
export interface CompletionSources {
  /** Reads the names of the contacts. */
  names: () => readonly string[];
  /** Lists a folder; folders end with a slash. Empty if it can't be read. */
  list: (folder: string) => Promise<string[]>;
  /** The folder for `~`. */
  home: string | undefined;
  platform: Platform;
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
    return choose("", line, commandNames.map((name) => `/${name} `));
  }
  const [, name = "", typed = ""] = argument;
  const head = line.slice(0, line.length - typed.length);
  switch (COMMANDS.find((command) => command.name === name)?.completes) {
    case "name":
      return choose(head, typed, sources.names());
    case "notify":
      return choose(head, typed, NOTIFY_MODES);
    case "path":
      return await completePath(head, typed, sources);
    case "saved": {
      const { number, path } = readSaved(typed);
      return await completePath(head + number, path, sources);
    }
    default:
      return { line, candidates: [] };
  }
}

async function completePath(
  head: string,
  typed: string,
  { list, home, platform }: CompletionSources,
): Promise<Completion> {
  if (typed === "~") return { line: `${head}~/`, candidates: [] };
  const separators = platform.backslashSeparates ? ["/", "\\"] : ["/"];
  const end = Math.max(...separators.map((each) => typed.lastIndexOf(each)));
  const folder = typed.slice(0, end + 1);
  const start = typed.slice(folder.length);
  const names = (await list(expandHome(folder, home, platform) || "."))
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
