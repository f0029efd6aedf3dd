/**
 * Measures the relay against what it could be at best, on this machine:
 * `deno task bench:relay`, and with `--growth` how its cost grows.
 *
 * @module
 */

import { runProgram, withHelp } from "../../../shared/cli/program.ts";
import { Contestants } from "./contestants.ts";
import { growthText, measureGrowth, writePlots } from "./growth/growth.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, HELP, pick, readBenchOptions } from "./options.ts";
import { replaceSection } from "./performance_page.ts";
import type { RunResult } from "./run.ts";
import {
  measureOnce,
  type Round,
  type Scenario,
  scenarios,
} from "./scenarios.ts";
import { type Outcome, targetsTable } from "./table.ts";

async function measure(
  contestants: Contestants,
  scenario: Scenario,
  { rounds, seconds }: BenchOptions,
): Promise<Outcome[]> {
  const { name, targets } = scenario;
  const measured: Round[][] = [];
  let ceiling: RunResult | undefined;
  for (let round = 1; round <= rounds; round++) {
    console.error(`${name}: round ${round} of ${rounds}`);
    measured.push(await measureOnce(contestants, scenario, seconds));
    // Once is enough to see that the load has room above the relay.
    if (scenario.ceiling !== undefined) {
      ceiling ??= await contestants.noop(scenario.ceiling, seconds);
    }
  }
  return targets.map((target, i) => ({
    target,
    rounds: measured.flatMap((round) => round[i] ?? []),
    ceiling,
  }));
}

async function targetsText(
  contestants: Contestants,
  options: BenchOptions,
): Promise<string> {
  const outcomes: Outcome[] = [];
  for (const scenario of pick(scenarios(contestants), options)) {
    outcomes.push(...await measure(contestants, scenario, options));
  }
  return targetsTable(outcomes);
}

async function main(args: readonly string[]): Promise<void> {
  const options = await readBenchOptions(args);
  const dir = await Deno.makeTempDir({
    ...options.dir !== undefined && { dir: options.dir },
    prefix: "messageu-bench-",
  });
  try {
    const machine = describeMachine(dir);
    await using contestants = new Contestants(dir);
    const { growth, write, rounds } = options;
    const studies = growth ? await measureGrowth(contestants, options) : [];
    const table = growth
      ? growthText(studies)
      : await targetsText(contestants, options);
    const text = `${machine}, rounds: ${rounds}\n\n${table}`;
    console.log(text);
    if (!write) return;
    await replaceSection(growth ? "growth" : "table", text);
    await writePlots(studies);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
