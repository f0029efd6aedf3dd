/**
 * The terminal: reads lines, prints text and progress.
 *
 * @module
 */

import type { Progress } from "../link/connection.ts";
import { decodeText, inputLines } from "./standard_input.ts";
import { TransferProgress } from "./transfer_progress.ts";
import { type Io, type OutputStream, processIo } from "./cli/verb/io.ts";

/** Minimum size in bytes of a transfer that shows progress. */
const LARGE_TRANSFER = 1024 * 1024;
/** Milliseconds between two updates of a progress line. */
const SHOW_INTERVAL = 100;
/** Hint for input that isn't text. */
const NO_TEXT = "The line was ignored; set your terminal to UTF-8";
/** Width of a line without a terminal. */
const LOG_WIDTH = 79;

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

/** Shows progress on standard error: one updated line on a terminal, a line each quarter in a log. */
export class ProgressLine {
  readonly #stderr: OutputStream;
  readonly #live: boolean;
  /** Length of the line that is being updated. */
  #open = 0;

  constructor(stderr: OutputStream) {
    this.#stderr = stderr;
    this.#live = stderr.isTerminal();
  }

  /** Ends the line of an interrupted transfer. */
  end(): void {
    if (this.#open === 0) return;
    this.#open = 0;
    this.#write("\n");
  }

  start(label: string): Progress {
    const progress = new TransferProgress(label);
    let shown = { quarter: 0, time: -Infinity };
    return (done, total) => {
      if (total < LARGE_TRANSFER) return;
      const time = performance.now();
      const quarter = Math.floor(4 * done / total);
      progress.note(done, time);
      const due = this.#live
        ? time - shown.time >= SHOW_INTERVAL
        : quarter !== shown.quarter;
      if (!due && done < total) return;
      shown = { quarter, time };
      this.#show(progress.line(total, this.#width()), done === total);
    };
  }

  #show(line: string, isLast: boolean): void {
    if (!this.#live) return this.#write(`${line}\n`);
    this.#write(`\r${line.padEnd(this.#open)}`);
    this.#open = line.length;
    if (isLast) this.end();
  }

  #width(): number {
    if (!this.#live) return LOG_WIDTH;
    try {
      // Some terminals wrap after the last column.
      return Deno.consoleSize().columns - 1;
    } catch {
      return LOG_WIDTH;
    }
  }

  #write(text: string): void {
    try {
      this.#stderr.writeSync(new TextEncoder().encode(text));
    } catch {
      // A missing reader or a full disk doesn't stop the transfer.
    }
  }
}
