/**
 * The flags that say what a relay tells of itself.
 *
 * @module
 */

import { FormatError } from "../../shared/wire/format_error.ts";
import { type Address, parseAddress } from "../../shared/folder/info_server.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";

const logLevels = ["debug", "info", "warn", "error"] as const;
const logFormats = ["text", "json"] as const;

/** What is logged: this and what is worse. */
export type LogLevel = typeof logLevels[number];

/** How lines are written. */
export type LogFormat = typeof logFormats[number];

/** The flags' names. */
export const telemetryFlagNames = ["metrics", "log", "log-level"] as const;

/** The flags as `--help` lists them. */
export const TELEMETRY_HELP =
  `  --metrics ADDR:PORT               serve /metrics, /healthz and /readyz there (default: nowhere)
  --log FORMAT                      text or json (default: text)
  --log-level LEVEL                 debug, info, warn or error (default: info)
`;

/** What a relay tells of itself. */
export interface TelemetryOptions {
  /** Where it serves metrics and health. */
  metrics: Address | undefined;
  /** How its log is written. */
  format: LogFormat;
  /** What its log holds. */
  level: LogLevel;
}

/**
 * Reads what the flags ask for.
 *
 * @throws {UsageError} where one of them can't be obeyed
 */
export function readTelemetry(
  values: Readonly<
    Partial<Record<typeof telemetryFlagNames[number], string>>
  >,
): TelemetryOptions {
  const { metrics, log = "text", "log-level": level = "info" } = values;
  return {
    metrics: metrics === undefined ? undefined : readAddress(metrics),
    format: oneOf("log", logFormats, log),
    level: oneOf("log-level", logLevels, level),
  };
}

function readAddress(text: string): Address {
  try {
    return parseAddress(text, 0);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`--metrics: ${error.message}`);
  }
}

function oneOf<T extends string>(
  flag: string,
  known: readonly T[],
  text: string,
): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${flag}: expected ${known.join(" or ")}, got "${text}"`,
  );
}
