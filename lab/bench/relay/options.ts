/**
 * The bench's command line.
 *
 * @module
 */

import { numberOf, parseFlags } from "../../../kit/flags.ts";
import { UsageError } from "../../../shared/cli/program.ts";

/** What `--help` prints. */
export const HELP = `Measures the relay against yardsticks on the same machine.

Usage: deno task bench:relay [flags]

  --rounds N   runs of each measurement (default: 5, with --growth 3)
  --seconds N  how long one takes (default: 3, with --growth 2)
  --only NAME  one scenario or study alone
  --growth     how cost grows, instead of the table
  --dir DIR    where the databases lie (default: the system's temporary folder)
  --write      put the numbers into docs/performance.md, and plots into docs/plots
  --help       print this
`;

/** How a bench is run. */
export interface BenchOptions {
  /** How cost grows, instead of the table. */
  growth: boolean;
  /** Put the results into the docs. */
  write: boolean;
  /** Runs of each measurement. */
  rounds: number;
  /** Seconds of a run. */
  seconds: number;
  /** The one to be run; all where undefined. */
  only: string | undefined;
  /** Where the databases lie; the system's temporary folder where undefined. */
  dir: string | undefined;
}

/** @throws {UsageError} where the command line can't be obeyed */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values, switches } = parseFlags(
    args,
    ["rounds", "seconds", "only", "dir"],
    ["growth", "write"],
  );
  if (switches.write && values.only !== undefined) {
    throw new UsageError(
      "--write with --only: the docs show all of it; leave one of them out",
    );
  }
  return {
    ...switches,
    rounds: Math.ceil(
      numberOf("rounds", values.rounds, { min: 1 }) ??
        (switches.growth ? 3 : 5),
    ),
    seconds: numberOf("seconds", values.seconds, { min: 0.01 }) ??
      (switches.growth ? 2 : 3),
    only: values.only,
    dir: values.dir,
  };
}

/**
 * Picks what `--only` names, or all.
 *
 * @throws {UsageError} where nothing has this name
 */
export function pick<T extends { name: string }>(
  all: readonly T[],
  { only }: BenchOptions,
): readonly T[] {
  const picked = all.filter(({ name }) => only === undefined || name === only);
  if (picked.length > 0) return picked;
  const names = all.map(({ name }) => name).join(", ");
  throw new UsageError(`--only: expected one of ${names}, got ${only}`);
}
