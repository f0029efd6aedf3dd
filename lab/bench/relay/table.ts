/**
 * The table that a bench prints: the median of the rounds' ratios, and how far
 * they lie apart.
 *
 * @module
 */

import type { RunResult } from "./run.ts";
import type { Round, Target } from "./scenario.ts";
import { spreadOf } from "./spread.ts";

/** What came of one target. */
export interface Outcome {
  /** What was to be reached. */
  target: Target;
  /** What was measured. */
  rounds: readonly Round[];
  /** The load against a relay that does nothing, where that isn't the yardstick. */
  ceiling: RunResult | undefined;
}

/** A table in Markdown. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)]
    .join("\n");
}

/** A number with three digits that count, its thousands apart. */
export function figure(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** The table of what was to be reached. */
export function targetsTable(outcomes: readonly Outcome[]): string {
  return markdown([
    [
      "work",
      "relay",
      "yardstick",
      "ratio, median (range)",
      "target",
      "reached",
      "load's CPU",
    ],
    ...outcomes.map(targetRow),
  ]);
}

function targetRow({ target, rounds, ceiling }: Outcome): string[] {
  const { work, unit, is } = target;
  const median = (of: (round: Round) => number | undefined) =>
    spreadOf(rounds.map(of).filter((value) => value !== undefined)).median;
  const amount = (value: number) =>
    unit === "ms" ? `${value.toFixed(2)} ms` : `${figure(value)}/s`;
  const ratios = spreadOf(rounds.map((round) => round.relay / round.yardstick));
  const group = rounds.some((round) => (round.group ?? 1) > 1.05)
    ? `, ${median((round) => round.group).toFixed(1)} a commit`
    : "";
  const reached = is === "at least"
    ? ratios.median >= target.ratio
    : ratios.median <= target.ratio;
  const alone = ceiling && unit === "/s"
    ? `; ${figure(ceiling.rate)}/s at ${percent(ceiling.cpu)} against the no-op`
    : "";
  return [
    work,
    amount(median((round) => round.relay)) + group,
    `${target.yardstick}: ${amount(median((round) => round.yardstick))}`,
    `${ratios.median.toFixed(2)} (${ratios.min.toFixed(2)}–${
      ratios.max.toFixed(2)
    })`,
    `${is} ${target.ratio}`,
    reached ? "yes" : "**no**",
    percent(median((round) => round.loadCpu)) + alone,
  ];
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
