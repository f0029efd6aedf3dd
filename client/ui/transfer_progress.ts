/**
 * The progress of a transfer, for a terminal or a log.
 *
 * @module
 */

import { formatBytes } from "../../shared/cli/figures.ts";
import type { Progress } from "../link/connection.ts";
import type { OutputStream } from "./cli/verb/output.ts";

/** Minimum size in bytes of a transfer that shows progress. */
const LARGE_TRANSFER = 1024 * 1024;
/** Milliseconds between two updates of a progress line. */
const SHOW_INTERVAL = 100;
/** Width of a line without a terminal. */
const LOG_WIDTH = 79;
/** Milliseconds over which the rate is averaged. */
const SMOOTHING = 3000;
/** Maximum width of the bar, and minimum below which it is omitted. */
const [MOST_BAR, LEAST_BAR] = [20, 5];

/**
 * Formats the progress of a transfer: a bar, the rate and the time left. Reads
 * no clock and writes nothing.
 */
export class TransferProgress {
  readonly #label: string;
  #start: { done: number; now: number } | undefined;
  #last = { done: 0, now: 0 };
  /** Weighted sum of rates in bytes per ms, and sum of the weights. */
  #weighted = 0;
  #weight = 0;

  constructor(label: string) {
    this.#label = label;
  }

  /**
   * Records the progress. A lower value than before starts a new transfer.
   *
   * @param done bytes transferred
   * @param now milliseconds on any clock
   */
  note(done: number, now: number): void {
    if (this.#start === undefined || done < this.#last.done) {
      this.#start = this.#last = { done, now };
      this.#weighted = this.#weight = 0;
      return;
    }
    const time = now - this.#last.now;
    if (time <= 0) return;
    const kept = Math.exp(-time / SMOOTHING);
    const rate = (done - this.#last.done) / time;
    this.#weighted = this.#weighted * kept + rate * (1 - kept);
    this.#weight = this.#weight * kept + 1 - kept;
    this.#last = { done, now };
  }

  /**
   * Formats the last recorded progress, such as
   * `Sending  [#####     ] 45 % of 2.9 MiB, 12 MiB/s, 3 s left`.
   *
   * @param total bytes in all
   * @param width maximum number of characters
   */
  line(total: number, width: number): string {
    const { done, now } = this.#last;
    const start = this.#start ?? this.#last;
    const whole = done >= total;
    const elapsed = now - start.now;
    const average = elapsed > 0 ? (done - start.done) / elapsed : 0;
    const rate = whole || this.#weight === 0
      ? average
      : this.#weighted / this.#weight;
    const percent = total === 0 ? 100 : Math.floor(100 * done / total);
    const parts = [`${percent} % of ${formatBytes(total)}`];
    if (rate > 0) {
      parts.push(`${formatBytes(1000 * rate)}/s`);
      parts.push(
        whole
          ? `in ${formatTime(elapsed)}`
          : `${formatTime((total - done) / rate)} left`,
      );
    }
    const text = parts.join(", ");
    const room = Math.min(
      width - this.#label.length - text.length - 5,
      MOST_BAR,
    );
    if (room < LEAST_BAR) return `${this.#label}  ${text}`.slice(0, width);
    const filled = total === 0 ? room : Math.floor(room * done / total);
    const bar = "#".repeat(filled).padEnd(room);
    return `${this.#label}  [${bar}] ${text}`;
  }
}

function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
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
