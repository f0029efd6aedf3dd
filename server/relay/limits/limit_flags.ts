/**
 * The flags that set a relay's limits.
 *
 * @module
 */

import { UsageError } from "../../../shared/cli/usage_error.ts";
import { defaultLimits, type Limits } from "./limits.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
};

interface LimitFlag {
  limit: keyof Limits;
  /** A size may end in K, M or G. */
  value: "SIZE" | "N";
  what: string;
  min: number;
  max: number;
}

const COUNT = { value: "N", min: 0, max: 1_000_000_000 } as const;

/** Each flag, without its dashes. */
const limitFlags = {
  "max-message": {
    limit: "maxMessage",
    value: "SIZE",
    what: "the largest message that is taken",
    min: 1024,
    max: 1024 ** 3,
  },
  "max-inflight": {
    limit: "maxInflight",
    value: "SIZE",
    what: "memory for all requests and answers under way",
    min: 8 * 1024 ** 2,
    max: 1024 ** 4,
  },
  "max-connections": {
    ...COUNT,
    limit: "maxConnections",
    what: "connections at once",
  },
  "max-connections-per-address": {
    ...COUNT,
    limit: "maxConnectionsPerAddress",
    what: "the same, from one address",
  },
  "max-waiting": {
    ...COUNT,
    limit: "maxWaiting",
    what: "messages that wait for one recipient",
  },
  "max-waiting-bytes": {
    limit: "maxWaitingBytes",
    value: "SIZE",
    what: "bytes that wait for one recipient",
    min: 0,
    max: 1024 ** 4,
  },
  "registrations-per-minute": {
    ...COUNT,
    limit: "registrationsPerMinute",
    what: "registrations from one address",
  },
} as const satisfies Record<string, LimitFlag>;

type FlagName = keyof typeof limitFlags;

/** The flags' names. */
export const limitFlagNames = Object.keys(limitFlags) as FlagName[];

/** The flags as `--help` lists them, a line each. */
export const LIMITS_HELP: string = limitFlagNames.map((name) => {
  const { limit, value, what } = limitFlags[name];
  const flag = `--${name} ${value}`.padEnd(33);
  return `  ${flag} ${what} (default: ${formatSize(defaultLimits[limit])})\n`;
}).join("");

/**
 * Reads the limits that flags ask for.
 *
 * @throws {UsageError} where one of them can't be obeyed
 */
export function readLimits(
  values: Readonly<Partial<Record<FlagName, string>>>,
): Limits {
  const limits: Limits = { ...defaultLimits };
  for (const name of limitFlagNames) {
    const text = values[name];
    if (text !== undefined) limits[limitFlags[name].limit] = read(name, text);
  }
  const { maxInflight, maxMessage } = limits;
  if (maxInflight < 2 * maxMessage) {
    throw new UsageError(
      `--max-inflight ${
        formatSize(maxInflight)
      } is less than twice --max-message ${
        formatSize(maxMessage)
      }: raise the one or lower the other`,
    );
  }
  return limits;
}

function read(name: FlagName, text: string): number {
  const { value, min, max } = limitFlags[name];
  const units = value === "SIZE" ? "[KMG]?" : "";
  const match = new RegExp(`^(\\d{1,15})(${units})$`, "i").exec(text);
  const [, digits = "", unit = ""] = match ?? [];
  const number = Number(digits) * (UNITS[unit.toUpperCase()] ?? 1);
  if (match === null || number < min || number > max) {
    const what = value === "SIZE"
      ? "a size in bytes, or with K, M or G,"
      : "a number";
    throw new UsageError(
      `--${name}: expected ${what} from ${formatSize(min)} to ${
        formatSize(max)
      }, got "${text}"`,
    );
  }
  return number;
}

/** A number as its flag takes it, as short as that can be. */
function formatSize(number: number): string {
  for (const unit of ["G", "M", "K"]) {
    const size = UNITS[unit] ?? 1;
    if (number > 0 && number % size === 0) return `${number / size}${unit}`;
  }
  return `${number}`;
}
