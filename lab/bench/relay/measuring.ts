/**
 * How a load is run so that its figures mean something: warmed up before.
 *
 * @module
 */

import type { Child } from "./child.ts";
import type { Contestants, LoadOn, RelayStats } from "./contestants.ts";
import type { RunPlan, RunResult } from "./run.ts";

/** Seconds of a run before the one that counts: code is compiled, the log reaches its length. */
export const WARM_UP = 2;

/** Warms up, then measures, and how many requests shared a commit meanwhile. */
export function measured(
  contestants: Contestants,
  relay: Child,
  load: LoadOn,
  plan: RunPlan,
  warmUp: RunPlan = { seconds: WARM_UP },
): Promise<{ result: RunResult; group: number }> {
  return contestants.load(relay, load, async (run) => {
    await run(warmUp);
    const before = await relay.ask<RelayStats>("stats");
    const result = await run(plan);
    const after = await relay.ask<RelayStats>("stats");
    const commits = Math.max(1, after.commits - before.commits);
    return { result, group: result.answers / commits };
  });
}

/** What a load reaches against a relay that does nothing. */
export function noop(
  contestants: Contestants,
  load: LoadOn,
  seconds: number,
): Promise<RunResult> {
  return contestants.noop(
    load.frames,
    (relay) =>
      contestants.load(relay, load, async (run) => {
        await run({ seconds: WARM_UP });
        return await run({ seconds });
      }),
  );
}
