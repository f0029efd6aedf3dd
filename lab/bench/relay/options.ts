/**
 * The bench's command line.
 *
 * @module
 */

import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  flagsHelp,
  nonEmpty,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import { decimalFrom } from "../../flags.ts";
import { UsageError } from "../../../shared/cli/program.ts";

const flags = {
  rounds: valueFlag(
    "N",
    "runs of each measurement (default: 5, with --growth 3)",
    numberFrom(1, Number.MAX_SAFE_INTEGER),
  ),
  seconds: valueFlag(
    "N",
    "how long one takes (default: 3, with --growth 2)",
    decimalFrom(0.01),
  ),
  only: valueFlag("NAME", "one scenario or study alone", nonEmpty),
  growth: switchFlag("how cost grows, instead of the table"),
  dir: valueFlag(
    "DIR",
    "where the databases lie (default: the system's temporary folder)",
    nonEmpty,
  ),
  write: switchFlag(
    "put the numbers into docs/performance.md, and plots into docs/plots",
  ),
  help: switchFlag("print this"),
};

/** What `--help` prints. */
export const HELP = `Measures the relay against yardsticks on the same machine.

Usage: deno task bench:relay [flags]

${flagsHelp(flags, 15)}`;

/** How a bench is run. */
export type BenchOptions = Awaited<ReturnType<typeof readBenchOptions>>;

/** @throws {UsageError} if the command line is invalid */
export async function readBenchOptions(args: readonly string[]) {
  const { values } = await readCommandLine(args, flags);
  const { growth = false, write = false, only, dir } = values;
  if (write && only !== undefined) {
    throw new UsageError(
      "--write with --only: the docs show all of it; leave one of them out",
    );
  }
  const { rounds = growth ? 3 : 5, seconds = growth ? 2 : 3 } = values;
  return { growth, write, rounds, seconds, only, dir };
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
