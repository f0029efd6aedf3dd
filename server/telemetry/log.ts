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
import type {
  LogFormat,
  LogLevel,
  TelemetryOptions,
} from "./telemetry_flags.ts";

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

  /** Writes to standard error from now on. */
  constructor({ format, level }: Pick<TelemetryOptions, "format" | "level">) {
    this.#format = format;
    const line = format === "json" ? lineOfJson : lineOfText;
    const lowestLevel = level === "warn" ? "warning" : level;
    configureSync({
      reset: true,
      sinks: { stderr: (record) => console.error(line(record)) },
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

  /** Prints a line on standard output that programs wait for; where lines are JSON it is logged, too. */
  announce(message: string, fields: LogFields): void {
    console.log(message);
    if (this.#format === "json") this.info(message, fields);
  }
}

function lineOfText({ level, message, properties }: LogRecord): string {
  const fields = Object.entries(properties)
    .map(([name, value]) => ` ${name}=${value}`);
  return `${WORDS[level] ?? level}: ${message.join("")}${fields.join("")}`;
}

function lineOfJson(
  { timestamp, level, message, properties }: LogRecord,
): string {
  return JSON.stringify({
    time: new Date(timestamp).toISOString(),
    level: NAMES[level] ?? level,
    message: message.join(""),
    ...properties,
  });
}
