/**
 * The table that a bench prints: the median of the rounds' ratios, and how far
 * they lie apart.
 *
 * @module
 */

import { table } from "../../generate/markdown.ts";
import type { RunResult } from "./run.ts";
import type { Round, Target } from "./scenarios.ts";

/** Several measurements of the same thing. */
export interface Spread {
  /** The middle one. */
  median: number;
  /** The smallest. */
  min: number;
  /** The largest. */
  max: number;
}

/** @throws {RangeError} where there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) {
    throw new RangeError("Expected at least one value, got none");
  }
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? min;
  const high = sorted[Math.floor(middle)] ?? max;
  return { median: (low + high) / 2, min, max };
}

/** Measures `rounds` times; the median of each figure. */
export async function medians<K extends string>(
  rounds: number,
  measure: () => Promise<Record<K, number>>,
): Promise<Record<K, number>> {
  const first = await measure();
  const all = [first];
  while (all.length < rounds) all.push(await measure());
  const result = { ...first };
  for (const name in result) {
    result[name] = spreadOf(all.map((round) => round[name])).median;
  }
  return result;
}

/** What came of one target. */
export interface Outcome {
  /** What was to be reached. */
  target: Target;
  /** What was measured. */
  rounds: readonly Round[];
  /** The load against a relay that does nothing, where that isn't the yardstick. */
  ceiling: RunResult | undefined;
}

/** A number with three digits that count, its thousands apart. */
export function figure(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** The table of what was to be reached. */
export function targetsTable(outcomes: readonly Outcome[]): string {
  return table([
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
  const { work, ratio, latency } = target;
  const median = (of: (round: Round) => number | undefined) =>
    spreadOf(rounds.map(of).filter((value) => value !== undefined)).median;
  const amount = (value: number) =>
    latency ? `${value.toFixed(2)} ms` : `${figure(value)}/s`;
  const ratios = rounds.map((round) => round.relay / round.yardstick);
  const middle = spreadOf(ratios).median;
  const group = rounds.some((round) => (round.group ?? 1) > 1.05)
    ? `, ${median((round) => round.group).toFixed(1)} a commit`
    : "";
  const alone = ceiling && !latency
    ? `; ${figure(ceiling.rate)}/s at ${percent(ceiling.cpu)} against the no-op`
    : "";
  return [
    work,
    amount(median((round) => round.relay)) + group,
    `${target.yardstick}: ${amount(median((round) => round.yardstick))}`,
    ratioText(ratios),
    `${latency ? "at most" : "at least"} ${ratio}`,
    (latency ? middle <= ratio : middle >= ratio) ? "yes" : "**no**",
    percent(median((round) => round.loadCpu)) + alone,
  ];
}

/** The median of ratios, and their range. */
export function ratioText(ratios: readonly number[]): string {
  const { median, min, max } = spreadOf(ratios);
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
