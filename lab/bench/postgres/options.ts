/**
 * The command line of the bench on PostgreSQL.
 *
 * @module
 */

import { numberOf, parseFlags } from "../../../kit/flags.ts";

/** What `--help` prints. */
export const HELP =
  `Measures relays on one PostgreSQL database against PostgreSQL itself.

Usage: deno task bench:postgres [flags]

  --rounds N   runs of each measurement (default: 3)
  --seconds N  how long one takes (default: 5)
  --help       print this
`;

/** How the bench is run. */
export interface PostgresBenchOptions {
  /** Runs of each measurement. */
  rounds: number;
  /** Seconds of a run. */
  seconds: number;
}

/** @throws {UsageError} where the command line can't be obeyed */
export function readPostgresBenchOptions(
  args: readonly string[],
): PostgresBenchOptions {
  const { values } = parseFlags(args, ["rounds", "seconds"], []);
  return {
    rounds: Math.ceil(numberOf("rounds", values.rounds, { min: 1 }) ?? 3),
    seconds: numberOf("seconds", values.seconds, { min: 0.1 }) ?? 5,
  };
}
