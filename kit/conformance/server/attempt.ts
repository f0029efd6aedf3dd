/**
 * Makes one check, and sees to it that it ends.
 *
 * @module
 */

import type { ClauseId } from "../../clauses.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { type Exchanged, exchanged, type Outcome } from "../report/outcome.ts";
import { clip } from "../report/wrap.ts";
import { type Check, CheckFailure, NoResponse, Unprepared } from "./check.ts";
import type { Probe } from "./probe.ts";
import { NoConnection } from "./target.ts";

/** Responses' time-outs without a response after which a check isn't waited for. */
const TIMEOUTS = 5;
/** Milliseconds that any check gets: some of them wait on purpose. */
const LEAST_TIME = 5000;
/** How often it is waited for again where answers came meanwhile. */
const MOST_WAITS = 12;
/** Characters of a reason: it may tell of each of a server's messages. */
const MOST_REASON = 1000;

/** How a check ended. */
export interface Ending
  extends Pick<Outcome, "verdict" | "reason" | "expected"> {
  /** The clause that was broken, where that isn't the check's own. */
  readonly clause?: ClauseId;
  /** Whether it failed for want of a response other than 9000: all of that kind may. */
  readonly isUnserved?: boolean;
  /** What shows the mistake by itself. */
  readonly shows?: Exchanged;
}

/**
 * Makes a check. Its users may serve others, unless it failed: what the server
 * still has for them isn't known then.
 *
 * @param mustConnect whether it fails where it gets no connection at all: that is
 * nothing against the server in checks of something else
 */
export async function attempt(
  check: Check,
  probe: Probe,
  mustConnect = false,
): Promise<Ending> {
  try {
    // What goes on behind its time fails on a closed connection.
    const running = check.run(probe).then(() => true);
    running.catch(() => {});
    await inItsTime(running, probe);
    await probe.giveBack();
    return { verdict: "pass" };
  } catch (error) {
    if (error instanceof Unprepared) {
      await probe.giveBack();
      return skipped(error.message);
    }
    if (!(error instanceof CheckFailure)) throw error;
    const { got, expected, details } = error;
    const { clause, shows } = details;
    if (
      error instanceof NoConnection && !probe.connected && !mustConnect
    ) return skipped(`couldn't connect: ${got}`);
    return {
      verdict: "fail",
      isUnserved: error instanceof NoResponse || details.isRefusal === true,
      reason: clip(got, MOST_REASON),
      expected,
      ...clause && { clause },
      ...shows && { shows: shown(shows) },
    };
  }
}

/** A check that couldn't be made. */
export const skipped = (reason: string): Ending => ({
  verdict: "skipped",
  reason: clip(reason, MOST_REASON),
});

const shown = ({ bytes, note }: { bytes: Uint8Array; note: string }) =>
  exchanged(bytes, {
    direction: "answer",
    connection: 1,
    note,
    plays: "client",
  });

/**
 * Waits for the end of a check, as long as responses come.
 *
 * @throws {Unprepared} where it doesn't come to an end: that says nothing of a clause
 */
async function inItsTime(
  running: Promise<boolean>,
  probe: Probe,
): Promise<void> {
  let responses = -1;
  for (let wait = 0; wait < MOST_WAITS && probe.responses > responses; wait++) {
    responses = probe.responses;
    const ms = Math.max(LEAST_TIME, TIMEOUTS * probe.timeout);
    if (await inTime(running, ms, false)) return;
  }
  throw new Unprepared(
    "it didn't come to an end: the server is slow, and --timeout gives more time",
  );
}
