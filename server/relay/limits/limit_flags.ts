/**
 * The flags that set a relay's limits.
 *
 * @module
 */

import {
  type FlagValues,
  numberFrom,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { defaultLimits, type Limits } from "./limits.ts";

const KIB = 1024;
const MIB = KIB ** 2;
const UNITS = ["", "K", "M", "G"];
const MOST = 1_000_000_000;

/** The flags, by the limits that they set. */
export const limitFlags = {
  maxMessage: size(
    "the largest message that is taken",
    [KIB, KIB * MIB],
    defaultLimits.maxMessage,
  ),
  maxInflight: size(
    "memory for all requests and answers under way",
    [8 * MIB, MIB ** 2],
    defaultLimits.maxInflight,
  ),
  maxConnections: count("connections at once", defaultLimits.maxConnections),
  maxConnectionsPerAddress: count(
    "the same, from one address",
    defaultLimits.maxConnectionsPerAddress,
  ),
  maxWaiting: count(
    "messages that wait for one recipient",
    defaultLimits.maxWaiting,
  ),
  maxWaitingBytes: size(
    "bytes that wait for one recipient",
    [0, MIB ** 2],
    defaultLimits.maxWaitingBytes,
  ),
  registrationsPerMinute: count(
    "registrations from one address",
    defaultLimits.registrationsPerMinute,
  ),
};

/**
 * The limits of these flags, with defaults in the place of the others.
 *
 * @throws {UsageError} where they contradict each other
 */
export function limitsOf(values: FlagValues<typeof limitFlags>): Limits {
  const given = (Object.keys(limitFlags) as (keyof typeof limitFlags)[])
    .map((name) => [name, values[name] ?? defaultLimits[name]]);
  const limits: Limits = { ...defaultLimits, ...Object.fromEntries(given) };
  const { maxInflight, maxMessage } = limits;
  if (maxInflight >= 2 * maxMessage) return limits;
  throw new UsageError(
    `--max-inflight ${
      formatSize(maxInflight)
    } is less than twice --max-message ${
      formatSize(maxMessage)
    }: raise the one or lower the other`,
  );
}

/** A flag for a size in bytes within a range. */
function size(what: string, [min, max]: [number, number], initial: number) {
  return valueFlag(
    "SIZE",
    `${what} (default: ${formatSize(initial)})`,
    (text) => {
      const [, digits, unit = ""] = /^(\d{1,15})([KMG]?)$/i.exec(text) ?? [];
      const bytes = Number(digits) * KIB ** UNITS.indexOf(unit.toUpperCase());
      if (bytes >= min && bytes <= max) return bytes;
      throw new Error(
        `expected a size in bytes, or with K, M or G, from ${
          formatSize(min)
        } to ${formatSize(max)}, got "${text}"`,
      );
    },
  );
}

/** A flag for a number of things. */
function count(what: string, initial: number) {
  const brief = `${what} (default: ${formatSize(initial)})`;
  return valueFlag("N", brief, numberFrom(0, MOST));
}

/** A size as its flag takes it, as short as that can be. */
function formatSize(bytes: number): string {
  const unit = UNITS.findLastIndex((_, power) => bytes % KIB ** power === 0);
  return bytes === 0 ? "0" : `${bytes / KIB ** unit}${UNITS[unit]}`;
}
