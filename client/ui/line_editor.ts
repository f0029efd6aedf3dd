/**
 * Edits lines at a terminal. A pasted text is inserted as it is, with its line
 * breaks: nothing in it counts as a key.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import {
  type Editor,
  EMPTY,
  erase,
  insert,
  type Motion,
  move,
} from "./chat/input/editor.ts";
import { cells, graphemes } from "./chat/view/rows.ts";
import type { Io, Keyboard } from "./cli/verb/output.ts";

/** Makes the terminal mark what is pasted. */
const [MARK_PASTES, LEAVE_PASTES] = ["\x1b[?2004h", "\x1b[?2004l"];
const [PASTE, PASTE_END] = ["\x1b[200~", "\x1b[201~"];
const ESCAPE = "\x1b";
/** What follows Escape in a key. */
const SEQUENCE = /^(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/;
/** The start of that, whose rest hasn't arrived yet. */
const PART_OF_SEQUENCE = /^(?:\[[0-?]*[ -/]*|O)?$/;
const TYPED = /^(?:\P{Cc}|\t)+/u;

const END_OF_INPUT = "\x04";
/** At a console that isn't a tty; a tty stops the program instead. */
const CTRL_Z = "\x1a";
const moves: Readonly<Record<string, Motion>> = {
  "\x1b[A": "up",
  "\x1b[B": "down",
  "\x1b[C": "right",
  "\x1b[D": "left",
  "\x1b[H": "lineStart",
  "\x1b[F": "lineEnd",
  "\x1b[1~": "lineStart",
  "\x1b[4~": "lineEnd",
  "\x01": "lineStart",
  "\x05": "lineEnd",
};
const erasures: Readonly<Record<string, Motion>> = {
  "\x7f": "left",
  "\b": "left",
  "\x1b[3~": "right",
  [END_OF_INPUT]: "right",
  "\x0b": "lineEnd",
  "\x15": "lineStart",
  "\x17": "wordLeft",
};

/** What the user did: text that was typed or pasted, or a key. */
interface Input {
  readonly text?: string;
  readonly key?: string;
  /** Length in the received characters. */
  readonly size: number;
}

/** Reads lines from a terminal until it is disposed of. */
export class LineEditor implements Disposable {
  readonly #io: Io;
  readonly #keyboard: Keyboard;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #listeners: (() => void)[] = [];
  #received = "";
  #prompt = "";
  #line = EMPTY;

  constructor(io: Io, keyboard: Keyboard) {
    this.#io = io;
    this.#keyboard = keyboard;
    this.#reader = io.stdin.getReader();
    for (const [signal, code] of Object.entries(io.platform.stopCodes)) {
      // The terminal is gone, and a listener would undo nohup.
      if (signal === "SIGHUP") continue;
      this.#on(signal as Deno.Signal, () => {
        // The shell's prompt begins on a new line.
        this.#write("\n");
        this[Symbol.dispose]();
        this.#io.exit(code);
      });
    }
    if (io.platform.stopsJobs) {
      // The shell may have changed the terminal's modes.
      this.#on("SIGCONT", () => {
        this.#enter();
        this.#write(this.#prompt + shown(this.#line.text));
      });
    }
    this.#enter();
  }

  /**
   * Reads a line behind a prompt. It has line breaks only where they were pasted.
   *
   * @returns null at the end of input
   * @throws {UserError} where the line isn't UTF-8
   */
  async readLine(prompt: string): Promise<string | null> {
    this.#prompt = prompt.slice(prompt.lastIndexOf("\n") + 1);
    this.#line = EMPTY;
    this.#write(prompt);
    for (;;) {
      const input = nextInput(this.#received);
      if (input === undefined) {
        if (!await this.#receive()) return null;
        continue;
      }
      this.#received = this.#received.slice(input.size);
      const { text = "", key } = input;
      const { text: line } = this.#line;
      if (key === "\r" || key === "\n") return this.#entered();
      if (line === "" && (key === END_OF_INPUT || key === CTRL_Z)) return null;
      this.#show(changed(this.#line, text, key));
    }
  }

  /** Restores the terminal. */
  [Symbol.dispose](): void {
    for (const remove of this.#listeners.splice(0)) remove();
    this.#reader.releaseLock();
    try {
      this.#keyboard.setRaw(false);
      this.#write(LEAVE_PASTES);
    } catch {
      // The terminal is gone.
    }
  }

  #enter(): void {
    this.#keyboard.setRaw(true);
    this.#write(MARK_PASTES);
  }

  #on(signal: Deno.Signal, listener: () => void): void {
    this.#listeners.push(this.#io.onSignal(signal, listener));
  }

  async #receive(): Promise<boolean> {
    const { value } = await this.#reader.read();
    if (value === undefined) return false;
    this.#received += this.#decoder.decode(value, { stream: true });
    return true;
  }

  #entered(): string {
    const { text } = this.#line;
    this.#show({ text, cursor: text.length });
    this.#prompt = "";
    this.#line = EMPTY;
    this.#write("\n");
    if (!text.includes("\ufffd")) return text;
    throw new UserError(
      "A character of the line isn't UTF-8",
      "The line was ignored; set your terminal to UTF-8",
    );
  }

  /** Shows a change of the line. */
  #show(after: Editor): void {
    const before = this.#line;
    this.#line = after;
    const isAppended = before.cursor === before.text.length &&
      after.cursor === after.text.length && after.text.startsWith(before.text);
    if (isAppended) {
      return this.#write(shown(after.text.slice(before.text.length)));
    }
    const { columns = Infinity } = this.#keyboard;
    const [from, to, end] = [
      before.text.slice(0, before.cursor),
      after.text.slice(0, after.cursor),
      after.text,
    ].map((text) => positionBehind(this.#prompt + shown(text), columns)) as [
      Position,
      Position,
      Position,
    ];
    this.#write(
      `${up(from.row)}\r\x1b[J${this.#prompt}${shown(after.text)}${
        up(end.row - to.row)
      }\r${right(Math.min(to.column, columns - 1))}`,
    );
  }

  #write(text: string): void {
    this.#io.stdout.writeSync(new TextEncoder().encode(text));
  }
}

/** The next input of what was received; undefined where its rest hasn't arrived. */
function nextInput(received: string): Input | undefined {
  if (received.startsWith(PASTE)) {
    const end = received.indexOf(PASTE_END);
    if (end < 0) return undefined;
    const text = received.slice(PASTE.length, end);
    return { text, size: end + PASTE_END.length };
  }
  const [text] = TYPED.exec(received) ?? [];
  if (text !== undefined) return { text, size: text.length };
  const [first] = received;
  if (first === undefined) return undefined;
  if (first !== ESCAPE) return { key: first, size: 1 };
  const rest = received.slice(1);
  if (PART_OF_SEQUENCE.test(rest)) return undefined;
  // Without a sequence, Escape was pressed alone.
  const key = ESCAPE + (SEQUENCE.exec(rest)?.[0] ?? "");
  return { key, size: key.length };
}

function changed(line: Editor, text: string, key = ""): Editor {
  const [motion, erasure] = [moves[key], erasures[key]];
  if (motion !== undefined) return move(line, motion);
  if (erasure !== undefined) return erase(line, erasure);
  return insert(line, text);
}

/** A text as the terminal shows it. */
function shown(text: string): string {
  return text.replaceAll("\t", "    ");
}

/** Where the cursor is, counted from the first row. */
interface Position {
  row: number;
  /** `columns` behind a full row, which the next character leaves. */
  column: number;
}

function positionBehind(text: string, columns: number): Position {
  const at = { row: -1, column: 0 };
  for (const line of text.split("\n")) {
    at.row++;
    at.column = 0;
    for (const grapheme of graphemes(line)) {
      const width = cells(grapheme);
      if (at.column + width > columns) {
        at.row++;
        at.column = 0;
      }
      at.column += width;
    }
  }
  return at;
}

const up = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : "";
const right = (columns: number): string =>
  columns > 0 ? `\x1b[${columns}C` : "";
