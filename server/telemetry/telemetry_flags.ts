import {
  choiceFlag,
  type FlagValues,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { parseAddress } from "../../shared/folder/info_files.ts";

/** The flags that say what a relay tells of itself. */
export const telemetryFlags = {
  metrics: valueFlag(
    "ADDR:PORT",
    "serve /metrics, /healthz and /readyz there (default: nowhere)",
    (text) => parseAddress(text, 0),
  ),
  log: choiceFlag(
    "FORMAT",
    "text, journal (text without times, which a journal\nadds) or json (default: text)",
    ["text", "journal", "json"],
  ),
  logLevel: choiceFlag(
    "LEVEL",
    "debug, info, warn or error (default: info)",
    ["debug", "info", "warn", "error"],
  ),
};

type Values = FlagValues<typeof telemetryFlags>;

/** How lines of the log are written. */
export type LogFormat = NonNullable<Values["log"]>;

/** The least severe records that are logged. */
export type LogLevel = NonNullable<Values["logLevel"]>;

/** What a relay tells of itself. */
export interface TelemetryOptions {
  /** Where it serves metrics and health. */
  metrics: Values["metrics"];
  /** How its log is written. */
  format: LogFormat;
  /** What its log holds. */
  level: LogLevel;
}
