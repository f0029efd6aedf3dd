/**
 * What a relay says on standard error: sentences, or one JSON object a line.
 * No name, no id and nothing that was sent is in it, at any level.
 *
 * @module
 */

import {
  configureSync,
  getLogger,
  type Logger,
  type LogLevel as LibraryLevel,
  type LogRecord,
} from "@logtape/logtape";
import { concat } from "@std/bytes";
import { reasonOf } from "../../shared/cli/reason.ts";
import { inTime } from "../../shared/cli/time.ts";
import type {
  LogFormat,
  LogLevel,
  TelemetryOptions,
} from "./telemetry_flags.ts";

/** Milliseconds that a log's reader gets for its last lines. */
const LAST_LINES = 1000;

/** Numbers and words that belong to a message. */
export type LogFields = Readonly<Record<string, string | number>>;

/** What a line of text begins with. */
const WORDS: Readonly<Partial<Record<LibraryLevel, string>>> = {
  info: "note",
};

/** How JSON names a level, where it isn't the library's name. */
const NAMES: Readonly<Partial<Record<LibraryLevel, LogLevel>>> = {
  warning: "warn",
};

/** The relay's log. There is one in a process. */
export class RelayLog {
  readonly #logger: Logger;
  readonly #format: LogFormat;
  readonly #writer: LineWriter;
  /** Lines of which the log has said that they were dropped. */
  #told = 0;

  /**
   * Logs from now on. No line waits for the log's reader: what comes while that
   * is too far behind is dropped, and its lines are counted in the next one.
   *
   * @param write writes some of the bytes. Default: to standard error
   */
  constructor(
    { format, level }: Pick<TelemetryOptions, "format" | "level">,
    write: (bytes: Uint8Array) => Promise<number> = (bytes) =>
      Deno.stderr.write(bytes),
  ) {
    this.#format = format;
    this.#writer = new LineWriter(write);
    const line = LINES[format];
    const lowestLevel = level === "warn" ? "warning" : level;
    configureSync({
      reset: true,
      sinks: { stderr: (record) => this.#add(line(record)) },
      loggers: [
        { category: "messageu", sinks: ["stderr"], lowestLevel },
        // What the library says of itself.
        {
          category: ["logtape", "meta"],
          sinks: ["stderr"],
          lowestLevel: "error",
        },
      ],
    });
    this.#logger = getLogger("messageu");
  }

  /** Lines that were dropped since they weren't read. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  /** Waits for what is logged to be written, a second at most. */
  async flush(): Promise<void> {
    await this.#writer.flush(LAST_LINES);
  }

  #add(line: string): void {
    const dropped = this.#writer.dropped - this.#told;
    if (dropped > 0 && this.#writer.hasRoom) {
      this.#told += dropped;
      this.warn("the log wasn't read: lines were dropped", { lines: dropped });
    }
    this.#writer.add(line);
  }

  /** Whether what goes on in detail is logged. */
  get isDetailed(): boolean {
    return this.#logger.isEnabledFor("debug");
  }

  /** What goes on in detail. */
  debug(message: string, fields: LogFields = {}): void {
    this.#logger.with(fields).debug`${message}`;
  }

  /** What should be known. */
  info(message: string, fields: LogFields = {}): void {
    this.#logger.with(fields).info`${message}`;
  }

  /** What may be wrong. */
  warn(message: string, fields: LogFields = {}): void {
    this.#logger.with(fields).warn`${message}`;
  }

  /** What has failed. */
  error(message: string, fields: LogFields = {}): void {
    this.#logger.with(fields).error`${message}`;
  }

  /**
   * Prints a line on standard output that programs wait for; where lines are JSON
   * it is logged, too.
   *
   * @param logged what is logged in its place, where it has a key in it
   */
  announce(message: string, fields: LogFields, logged = message): void {
    console.log(message);
    if (this.#format === "json") this.info(logged, fields);
  }
}

function lineOfJournal({ level, message, properties }: LogRecord): string {
  const fields = Object.entries(properties)
    .map(([name, value]) => ` ${name}=${value}`);
  return `${WORDS[level] ?? level}: ${message.join("")}${fields.join("")}`;
}

function lineOfText(record: LogRecord): string {
  return `${timeOf(record)} ${lineOfJournal(record)}`;
}

function lineOfJson(record: LogRecord): string {
  const { level, message, properties } = record;
  return JSON.stringify({
    time: timeOf(record),
    level: NAMES[level] ?? level,
    message: message.join(""),
    ...properties,
  });
}

function timeOf({ timestamp }: LogRecord): string {
  return new Date(timestamp).toISOString();
}

/** How a record is written in each format. */
const LINES: Readonly<Record<LogFormat, (record: LogRecord) => string>> = {
  text: lineOfText,
  journal: lineOfJournal,
  json: lineOfJson,
};

/** Milliseconds until the same failure is printed again. */
const REPEAT_DELAY = 10_000;

/**
 * Prints what failed, by its kind: no client and no content is in it. What
 * fails again and again, as on a full disk, is printed once in a while.
 */
export class FailurePrinter {
  readonly #log: Pick<RelayLog, "error">;
  readonly #printed = new Map<string, { at: number; since: number }>();

  constructor(log: Pick<RelayLog, "error">) {
    this.#log = log;
  }

  /** Prints a failure, unless it was printed lately. */
  print(error: unknown): void {
    const reason = reasonOf(error);
    const now = performance.now();
    const last = this.#printed.get(reason);
    if (last !== undefined && now - last.at < REPEAT_DELAY) {
      last.since++;
      return;
    }
    const more = last?.since ? ` (${last.since} more times since)` : "";
    this.#log.error(`${reason}${more}`);
    this.#printed.set(reason, { at: now, since: 0 });
  }
}

/** Bytes of lines that may wait for their reader. */
const MOST_WAITING = 1024 * 1024;

/**
 * Writes lines in their order and never waits for their reader: what comes
 * while too much waits is dropped and counted.
 */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  readonly #encoder = new TextEncoder();
  #lines: Uint8Array[] = [];
  #waiting = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /** @param write writes some of the bytes, without holding up the event loop */
  constructor(write: (bytes: Uint8Array) => Promise<number>) {
    this.#write = write;
  }

  /** Lines that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the reader has caught up by half. */
  get hasRoom(): boolean {
    return this.#waiting < MOST_WAITING / 2;
  }

  /** Adds a line, where there is room for it. */
  add(line: string): void {
    const bytes = this.#encoder.encode(`${line}\n`);
    if (this.#waiting + bytes.length > MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#lines.push(bytes);
    this.#waiting += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  /** Waits until all lines are written, so many milliseconds at most. */
  async flush(ms: number): Promise<void> {
    await inTime(this.#writing ?? Promise.resolve(), ms, undefined);
  }

  async #writeAll(): Promise<void> {
    // Lines that come together go out together.
    await Promise.resolve();
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      const bytes = concat(lines);
      try {
        for (let sent = 0; sent < bytes.length;) {
          sent += await this.#write(bytes.subarray(sent));
        }
      } catch {
        // The reader is gone, or the disk is full: no place is left to say so.
        this.#dropped += lines.length;
      }
      this.#waiting -= bytes.length;
    }
    this.#writing = undefined;
  }
}
