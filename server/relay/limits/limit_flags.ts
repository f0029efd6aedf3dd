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

/** What each flag limits; a size in bytes has a range, all else is a number of things. */
const limited = {
  maxMessage: ["the largest message that is taken", KIB, KIB * MIB],
  maxInflight: [
    "memory for all requests and answers under way",
    8 * MIB,
    MIB ** 2,
  ],
  maxConnections: ["connections at once"],
  maxConnectionsPerAddress: ["the same, from one address"],
  maxWaiting: ["messages that wait for one recipient"],
  maxWaitingBytes: ["bytes that wait for one recipient", 0, MIB ** 2],
  registrationsPerMinute: ["registrations from one address"],
  secureHandshakes: ["secure connections a second from one address"],
} satisfies { [L in keyof Limits]?: [string, number?, number?] };

type Limited = keyof typeof limited;

const names = Object.keys(limited) as Limited[];

/** The flags, by the limits that they set. */
export const limitFlags = Object.fromEntries(
  names.map((name) => [name, flagOf(name)]),
) as Record<Limited, ReturnType<typeof flagOf>>;

/**
 * The limits of these flags, with defaults in the place of the others.
 *
 * @throws {UsageError} where they contradict each other
 */
export function limitsOf(values: FlagValues<typeof limitFlags>): Limits {
  const limits: Limits = { ...defaultLimits };
  for (const name of names) limits[name] = values[name] ?? limits[name];
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

function flagOf(name: Limited) {
  const [what, min = 0, max]: [string, number?, number?] = limited[name];
  const brief = `${what} (default: ${formatSize(defaultLimits[name])})`;
  if (max === undefined) return valueFlag("N", brief, numberFrom(0, MOST));
  return valueFlag("SIZE", brief, (text) => {
    const [, digits, unit = ""] = /^(\d{1,15})([KMG]?)$/i.exec(text) ?? [];
    const bytes = Number(digits) * KIB ** UNITS.indexOf(unit.toUpperCase());
    if (bytes >= min && bytes <= max) return bytes;
    throw new Error(
      `expected a size in bytes, or with K, M or G, from ${
        formatSize(min)
      } to ${formatSize(max)}, got "${text}"`,
    );
  });
}

/** A size as its flag takes it, as short as that can be. */
function formatSize(bytes: number): string {
  const unit = UNITS.findLastIndex((_, power) => bytes % KIB ** power === 0);
  return bytes === 0 ? "0" : `${bytes / KIB ** unit}${UNITS[unit]}`;
}
