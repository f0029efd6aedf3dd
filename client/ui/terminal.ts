/**
 * The terminal: reads lines and prints text.
 *
 * @module
 */

import type { Progress } from "../link/connection.ts";
import { decodeText, inputLines } from "./standard_input.ts";
import { ProgressLine } from "./transfer_progress.ts";
import { type Io, processIo } from "./cli/verb/output.ts";

/** Hint for input that isn't text. */
const NO_TEXT = "The line was ignored; set your terminal to UTF-8";

/** A dialogue with the user. */
export interface Terminal {
  /** Prints text as it is. */
  print(text: string): void;
  /**
   * Reads the next line; null at the end of input.
   *
   * @throws {UserError} if it isn't UTF-8
   */
  readLine(): Promise<string | null>;
  /** Shows the progress of a transfer. */
  progress(label: string): Progress;
}

/** The terminal on standard input and output. */
export function standardTerminal(io: Io): Terminal {
  const lines = inputLines(io.stdin, (bytes) => bytes, Infinity);
  const progress = new ProgressLine(io.stderr);
  return {
    print: (text) => {
      progress.end();
      io.stdout.writeSync(new TextEncoder().encode(text));
    },
    readLine: async () => {
      const { value } = await lines.next();
      return value === undefined ? null : decodeText(value, NO_TEXT);
    },
    progress: (label) => progress.start(label),
  };
}

/** Whether `TERM` says that the terminal can't move its cursor. */
export function isDumb(): boolean {
  return processIo.env("TERM") === "dumb";
}
