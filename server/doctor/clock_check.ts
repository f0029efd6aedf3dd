/**
 * Whether the clock is plausible: each user's last visit is kept by it.
 *
 * @module
 */

import type { Finding } from "./finding.ts";

/** Nothing of this program is older. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** Nobody runs it after that. */
const LATEST = Date.UTC(2066, 0, 1);
/** Milliseconds that a clock may be behind the store's latest visit. */
const TOLERANCE = 24 * 60 * 60 * 1000;

/** @param latestVisit the latest time in the store, where it has one */
export function checkClock(
  now: Date,
  latestVisit: Date | undefined,
): Finding {
  const what = formatTime(now);
  const time = now.getTime();
  if (!(time >= EARLIEST && time < LATEST)) {
    return {
      verdict: "bad",
      what: `${what}, that can't be`,
      advice: "set the clock",
    };
  }
  if (latestVisit !== undefined && latestVisit.getTime() - time > TOLERANCE) {
    return {
      verdict: "warn",
      what: `${what}, but the store's latest visit is of ${
        formatTime(latestVisit)
      }`,
      advice: "set the clock; if it is right, it was ahead before",
    };
  }
  return { verdict: "ok", what };
}

/** To the minute, in UTC. */
function formatTime(time: Date): string {
  if (Number.isNaN(time.getTime())) return "no time at all";
  return `${time.toISOString().slice(0, -8).replace("T", " ")} UTC`;
}
