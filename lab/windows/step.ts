/** A step of the run: one thing that is tried under Wine. */

import { reasonOf } from "../../shared/cli/reason.ts";
import type { TestCount } from "./test_count.ts";
import type { Wine } from "./wine.ts";

/** Something that is tried. */
export interface Step {
  readonly name: string;
  /** Minutes after which it has failed. */
  readonly minutes: number;
  /** Tries it; throws what went wrong. */
  run(wine: Wine): Promise<Result>;
}

/** What a step found. */
export interface Result {
  /** What it did, in a few words. */
  readonly summary: string;
  /** The tests, if it ran some. */
  readonly tests?: TestCount;
  /** What went wrong, if something did. */
  readonly failure?: string;
}

/**
 * Runs a step, and ends the programs that it leaves.
 *
 * @param interruption ends it early
 */
export async function runStep(
  { minutes, run }: Step,
  wine: Wine,
  interruption: AbortSignal,
): Promise<Result> {
  const timeout = AbortSignal.timeout(minutes * 60_000);
  const end = AbortSignal.any([interruption, timeout]);
  // Without its programs the step fails.
  const endPrograms = () => void wine.endPrograms();
  end.addEventListener("abort", endPrograms);
  try {
    return await run(wine);
  } catch (error) {
    const summary = timeout.aborted ? `longer than ${minutes} minutes` : "";
    return { summary, failure: reasonOf(error) };
  } finally {
    end.removeEventListener("abort", endPrograms);
    await wine.endPrograms();
  }
}
