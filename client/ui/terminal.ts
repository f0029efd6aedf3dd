/**
 * The terminal that the client talks to: lines in, text out, progress.
 *
 * @module
 */

import type { Progress } from "../link/connection.ts";
import { decodeText, inputLines } from "./standard_input.ts";
import { TransferProgress } from "./transfer_progress.ts";
import { type Io, type OutputStream, processIo } from "./cli/verb/io.ts";

/** Bytes from which on a transfer shows its progress. */
const LARGE_TRANSFER = 1024 * 1024;
/** Milliseconds between two looks of a line that changes. */
const SHOW_INTERVAL = 100;
/** What to do where a line is no text. */
const NO_TEXT = "It was left out; let your terminal write UTF-8";
/** Characters of a line where no terminal tells its width. */
const LOG_WIDTH = 79;

/** A place to talk with a user. */
export interface Terminal {
  /** Prints text as it is. */
  print(text: string): void;
  /**
   * The next line that is typed, or null at the end of input.
   *
   * @throws {UserError} where it is no UTF-8
   */
  readLine(): Promise<string | null>;
  /** Shows how far a transfer is. */
  progress(label: string): Progress;
}

/** Standard input and output. */
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

/** Whether the terminal can't move its cursor, as far as the environment can be asked. */
export function isDumb(): boolean {
  return processIo.env("TERM") === "dumb";
}

/** Shows transfers on standard error; a log gets a line a quarter, a terminal one line that changes. */
export class ProgressLine {
  readonly #stderr: OutputStream;
  readonly #live: boolean;
  /** Characters of the line that isn't ended yet. */
  #open = 0;

  constructor(stderr: OutputStream) {
    this.#stderr = stderr;
    this.#live = stderr.isTerminal();
  }

  /** Ends the line where a transfer broke off in it. */
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
      // In the last column some terminals go on to the next line.
      return Deno.consoleSize().columns - 1;
    } catch {
      return LOG_WIDTH;
    }
  }

  #write(text: string): void {
    try {
      this.#stderr.writeSync(new TextEncoder().encode(text));
    } catch {
      // Without a reader, or room for a log, the transfer goes on.
    }
  }
}
