/**
 * The settings file of a client's folder, JSON with comments, which the user or
 * the verb `config` writes. Its parser is loaded only if the file exists.
 *
 * @module
 */

import type { Node, ParseError } from "jsonc-parser";
import { dirname } from "node:path";
import { readInfoText } from "../../shared/folder/info_files.ts";
import {
  makePrivateFolder,
  statIfThere,
} from "../../shared/folder/durable_files.ts";
import { closest } from "../../shared/cli/closest.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError } from "../errors.ts";
import { replaceFile } from "../store/folder.ts";
import {
  isSettingName,
  readValue,
  type SettingName,
  settingNames,
  type Settings,
  settings,
} from "./settings.ts";

/** The name of the file. */
const SETTINGS_FILE = "info.settings";
/** Size limit in bytes. */
const LARGEST = 1024 * 1024;
/** How the file may be written; comments are part of the format. */
const READING = { allowTrailingComma: true };
const LAYOUT = {
  formattingOptions: { insertSpaces: true, tabSize: 2, eol: "\n" },
};

/** A value in the file. */
interface Entry {
  readonly value: unknown;
  /** Position of the name in the text. */
  readonly nameAt: number;
  /** Position of the value, and of its end. */
  readonly valueAt: number;
  readonly end: number;
}

/**
 * Reads the settings of a folder; those that its file doesn't name have their
 * defaults. A folder without the file costs one look at the disk.
 *
 * @param warn called with a sentence for each unknown setting
 * @throws {FolderError} with line and column if the file can't be read, or a
 * value isn't one of those expected
 *
 * @example
 * ```ts
 * import { readSettings } from "./settings_file.ts";
 *
 * const settings = await readSettings(".", console.error);
 * console.assert(settings.notify === "bell");
 * console.assert(settings["keep-history"] === Infinity);
 * ```
 */
export async function readSettings(
  folder: string,
  warn: (text: string) => void,
): Promise<Settings> {
  const file = await SettingsFile.read(folder);
  for (const warning of await file.warnings()) warn(warning);
  return file.values();
}

/** The content of a folder's settings file; empty if there is none. */
export class SettingsFile {
  /** The file's path. */
  readonly path: string;
  readonly #text: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(
    path: string,
    text = "",
    entries: ReadonlyMap<string, Entry> = new Map(),
  ) {
    this.path = path;
    this.#text = text;
    this.#entries = entries;
  }

  /**
   * Reads the file; doesn't check its values.
   *
   * @throws {FolderError} if it can't be read, or isn't an object in JSON
   */
  static async read(folder: string): Promise<SettingsFile> {
    const path = `${folder}/${SETTINGS_FILE}`;
    const text = await readText(path);
    if (text === undefined) return new SettingsFile(path);
    if (text.trim() === "") return new SettingsFile(path, text);
    return new SettingsFile(path, text, await entriesOf(path, text));
  }

  /** Whether the file names the setting. */
  has(name: SettingName): boolean {
    return this.#entries.has(name);
  }

  /** The setting's value as the file has it, or its default. */
  valueOf(name: SettingName): unknown {
    return this.#entries.get(name)?.value ?? settings[name].default;
  }

  /** The checked values. @throws {FolderError} if a value isn't one of those expected */
  values(): Settings {
    return Object.fromEntries(
      settingNames.map((name) => [name, this.#checked(name)]),
    ) as Settings;
  }

  #checked(name: SettingName): unknown {
    try {
      return readValue(name, this.valueOf(name));
    } catch (error) {
      throw invalid(
        this.path,
        this.#text,
        this.#entries.get(name)?.valueAt ?? 0,
        reasonOf(error),
        `Correct it there, or with: config ${name} VALUE`,
      );
    }
  }

  /** A sentence for each name in the file that isn't a setting's. */
  async warnings(): Promise<string[]> {
    const warnings: string[] = [];
    for (const [name, { nameAt }] of this.#entries) {
      if (isSettingName(name)) continue;
      const at = placeOf(this.path, this.#text, nameAt);
      warnings.push(`Ignored in ${at}: ${await noSetting(name)}`);
    }
    return warnings;
  }

  /**
   * Changes one setting in the file; keeps the comments and the layout of the rest.
   *
   * @throws {FolderError} if the file can't be written; it is unchanged then
   */
  async change(name: SettingName, value: unknown): Promise<void> {
    const { applyEdits, modify } = await import("jsonc-parser");
    const edits = modify(this.#text, [name], value, LAYOUT);
    await this.#write(applyEdits(this.#text, edits));
  }

  /**
   * Removes one setting from the file, like {@linkcode change}. The library's
   * edits would remove the comments around it, too.
   */
  async remove(name: SettingName): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const { createScanner } = await import("jsonc-parser");
    const before = this.#text.slice(0, entry.nameAt);
    let after = this.#text.slice(entry.end);
    const scanner = createScanner(after, true);
    scanner.scan();
    const next = scanner.getTokenOffset();
    if (after[next] === ",") {
      after = after.slice(0, next) + after.slice(next + 1);
    }
    const isOwnLine = /\n[ \t]*$/.test(before) && /^[ \t]*\r?\n/.test(after);
    await this.#write(
      isOwnLine
        ? before.replace(/[ \t]*$/, "") + after.replace(/^[ \t]*\r?\n/, "")
        : before + after,
    );
  }

  /** Replaces the file, or the one that a link points to. */
  async #write(text: string): Promise<void> {
    const path = await Deno.realPath(this.path).catch(() => this.path);
    try {
      await makePrivateFolder(dirname(path));
      await replaceFile(path, text.endsWith("\n") ? text : `${text}\n`);
    } catch (cause) {
      throw new FolderError(
        `${path} can't be written: ${reasonOf(cause)}`,
        "See that its folder can be written and has room",
        { cause },
      );
    }
  }
}

/** A sentence on a name that isn't a setting's. */
export async function noSetting(name: string): Promise<string> {
  const meant = await closest(name, settingNames);
  const advice = meant === undefined
    ? `expected ${settingNames.join(", ")}`
    : `did you mean ${meant}?`;
  return `there is no setting ${JSON.stringify(name)}, ${advice}`;
}

/** The file's text; undefined if there is no file. */
async function readText(path: string): Promise<string | undefined> {
  try {
    const info = statIfThere(path);
    if (info === undefined) return undefined;
    if (!info.isFile) throw new Error("it is no file");
    if (info.size > LARGEST) {
      throw new Error(
        `it has ${info.size} bytes, expected ${LARGEST} at most`,
      );
    }
    return await readInfoText(path);
  } catch (cause) {
    throw new FolderError(
      `${path} can't be read: ${reasonOf(cause)}`,
      "It holds the settings that config lists; without it they have their defaults",
      { cause },
    );
  }
}

/** The values of the object in the text, by name. */
async function entriesOf(
  path: string,
  text: string,
): Promise<Map<string, Entry>> {
  const { parseTree, printParseErrorCode } = await import("jsonc-parser");
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, READING);
  const [error] = errors;
  if (error !== undefined) {
    const code = printParseErrorCode(error.error);
    throw invalid(path, text, error.offset, problems[code] ?? code);
  }
  if (root?.type !== "object") {
    throw invalid(
      path,
      text,
      root?.offset ?? 0,
      "expected an object in braces",
    );
  }
  return await properties(path, text, root);
}

async function properties(
  path: string,
  text: string,
  root: Node,
): Promise<Map<string, Entry>> {
  const { getNodeValue } = await import("jsonc-parser");
  const entries = new Map<string, Entry>();
  for (const { children: [key, node] = [] } of root.children ?? []) {
    if (key === undefined || node === undefined) continue;
    const name = String(key.value);
    if (entries.has(name)) {
      throw invalid(path, text, key.offset, `${name} is there twice`);
    }
    entries.set(name, {
      value: getNodeValue(node),
      nameAt: key.offset,
      valueAt: node.offset,
      end: node.offset + node.length,
    });
  }
  return entries;
}

/** The parser's errors, in words. */
const problems: Readonly<Record<string, string>> = {
  InvalidSymbol: "expected a value: a text needs double quotes",
  InvalidNumberFormat: "a number is malformed",
  PropertyNameExpected: "expected a setting's name in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: "expected a colon behind the setting's name",
  CommaExpected: "expected a comma between two settings",
  CloseBraceExpected: "expected a closing brace",
  CloseBracketExpected: "expected a closing bracket",
  EndOfFileExpected: "expected nothing behind the closing brace",
  InvalidCommentToken: "a comment is malformed",
  UnexpectedEndOfComment: "a comment isn't closed",
  UnexpectedEndOfString: "a text isn't closed: expected a double quote",
  UnexpectedEndOfNumber: "a number is malformed",
  InvalidUnicode: "a text has a malformed \\u",
  InvalidEscapeCharacter: "a text has an unknown escape behind a backslash",
  InvalidCharacter: "a text has a character that must be escaped",
};

function invalid(
  path: string,
  text: string,
  offset: number,
  problem: string,
  hint = "Correct it there: it is JSON with comments",
): FolderError {
  return new FolderError(`${placeOf(path, text, offset)}: ${problem}`, hint);
}

/** A position in a file: "info.settings, line 2, column 5". */
function placeOf(path: string, text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  const column = (lines.at(-1) ?? "").length + 1;
  return `${path}, line ${lines.length}, column ${column}`;
}
