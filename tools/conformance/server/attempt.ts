/**
 * Makes one check, and sees to it that it ends.
 *
 * @module
 */

import { inTime } from "../../../shared/in_time.ts";
import type { Outcome } from "../report/outcome.ts";
import { clip } from "../report/wrap.ts";
import { type Check, CheckFailure, Unprepared } from "./check.ts";
import type { Probe } from "./probe.ts";
import { NoConnection } from "./target.ts";

/** Answers' time-outs that a whole check may take. */
const TIMEOUTS = 5;
/** Milliseconds that any check gets: some of them wait on purpose. */
const LEAST_TIME = 5000;
/** Characters of a reason: it may tell of each of a server's messages. */
const MOST_REASON = 1000;

/** How a check ended. */
export type Ending = Pick<Outcome, "verdict" | "reason" | "expected">;

/**
 * Makes a check. Its users may serve others, unless it failed: nobody knows then
 * what the server still has for them.
 *
 * @param mustConnect whether it fails where it gets no connection at all: that is
 * nothing against the server in checks of something else
 */
export async function attempt(
  check: Check,
  probe: Probe,
  mustConnect = false,
): Promise<Ending> {
  const ms = Math.max(LEAST_TIME, TIMEOUTS * probe.timeout);
  try {
    // What goes on behind its time fails on a closed connection.
    const running = check.run(probe).then(() => true);
    running.catch(() => {});
    if (!(await inTime(running, ms, false))) {
      throw new CheckFailure("an end of the check", `none within ${ms} ms`);
    }
    await probe.giveBack();
    return { verdict: "pass" };
  } catch (error) {
    if (error instanceof Unprepared) {
      await probe.giveBack();
      return { verdict: "skipped", reason: clip(error.message, MOST_REASON) };
    }
    if (!(error instanceof CheckFailure)) throw error;
    const { got, expected } = error;
    if (
      error instanceof NoConnection && !probe.connected && !mustConnect
    ) {
      return {
        verdict: "skipped",
        reason: clip(`couldn't connect: ${got}`, MOST_REASON),
      };
    }
    return { verdict: "fail", reason: clip(got, MOST_REASON), expected };
  }
}
