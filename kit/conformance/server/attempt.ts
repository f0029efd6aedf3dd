/**
 * Makes one check within a time limit.
 *
 * @module
 */

import type { AnyClauseId } from "../../any_clause.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { type Exchanged, exchanged, type Outcome } from "../report/outcome.ts";
import { clip } from "../report/text.ts";
import { CheckFailure, NoResponse, Unprepared } from "./check.ts";
import { NoConnection } from "./target.ts";

/** Time-outs of a response without a response after which a check is given up. */
const TIMEOUTS = 5;
/** Shortest limit in milliseconds: some checks wait on purpose. */
const LEAST_TIME = 5000;
/** Largest number of extensions while responses come. */
const MOST_WAITS = 12;
/** Longest reason in characters. */
const MOST_REASON = 1000;

/** What an attempt needs of a check's probe. */
export interface Attempting {
  /** Time-out of a response in milliseconds. */
  readonly timeout: number;
  /** Number of whole responses so far. */
  readonly responses: number;
  /** Whether it has opened a connection. */
  readonly connected: boolean;
  /** Returns the check's users, which a failure may have left in any state. */
  giveBack(): Promise<void>;
}

/** Result of an attempt. */
export interface Ending
  extends Pick<Outcome, "verdict" | "reason" | "expected"> {
  /** The broken clause, if it isn't the check's own. */
  readonly clause?: AnyClauseId;
  /** Whether it got no response, or a 9000: all requests of the kind may fail. */
  readonly isUnserved?: boolean;
  /** A frame that shows the mistake by itself. */
  readonly shows?: Exchanged;
}

/**
 * Makes a check. Returns its users to the pool unless it failed, after which
 * their inboxes are unknown.
 *
 * @param mustConnect whether a missing connection is a failure, and no reason to
 * skip the check
 */
export async function attempt<P extends Attempting>(
  check: { run(probe: P): Promise<void> },
  probe: P,
  mustConnect = false,
): Promise<Ending> {
  try {
    // A check that is given up fails on its closed connection.
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

/** A skipped check. */
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
 * Waits for the end of a check while responses come.
 *
 * @throws {Unprepared} if it doesn't end, which says nothing about its clause
 */
async function inItsTime(
  running: Promise<boolean>,
  probe: Attempting,
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
