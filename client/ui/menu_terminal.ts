/**
 * The terminal of the menu, or the pipes in its place.
 *
 * @module
 */

import type { Progress } from "../link/connection.ts";
import type { Io } from "./cli/verb/output.ts";
import { decodeText, inputLines } from "./terminal.ts";
import { ProgressLine } from "./transfer_progress.ts";

/** A dialogue with the user. */
export interface Terminal extends Disposable {
  /** Prints text as it is. */
  print(text: string): void;
  /**
   * Prints a prompt and reads the line behind it; null at the end of input. At a
   * terminal the line has the line breaks of a pasted text.
   *
   * @throws {UserError} if it isn't UTF-8
   */
  readLine(prompt: string): Promise<string | null>;
  /** Shows the progress of a transfer. */
  progress(label: string): Progress;
}

/** Opens the terminal on standard input and output, or the pipes in its place. */
export async function openTerminal(io: Io): Promise<Terminal> {
  const progress = new ProgressLine(io.stderr);
  const print = (text: string) => {
    progress.end();
    io.stdout.writeSync(new TextEncoder().encode(text));
  };
  const lines = await openLines(io, print);
  return {
    print,
    readLine: (prompt) => {
      progress.end();
      return lines.readLine(prompt);
    },
    progress: (label) => progress.start(label),
    [Symbol.dispose]: () => lines[Symbol.dispose](),
  };
}

type Lines = Pick<Terminal, "readLine" | typeof Symbol.dispose>;

async function openLines(
  io: Io,
  print: (text: string) => void,
): Promise<Lines> {
  if (io.keyboard?.columns !== undefined) {
    // Measures characters, which takes long to load.
    const { LineEditor } = await import("./line_editor.ts");
    return new LineEditor(io, io.keyboard);
  }
  const lines = inputLines(io.stdin, (bytes) => bytes, Infinity);
  return {
    readLine: async (prompt) => {
      print(prompt);
      const { value } = await lines.next();
      return value === undefined ? null : decodeText(
        value,
        "The line was ignored; set your terminal to UTF-8",
      );
    },
    [Symbol.dispose]() {},
  };
}
