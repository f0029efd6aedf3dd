/**
 * The command line of the bench on PostgreSQL.
 *
 * @module
 */

import { parseFlags } from "../../../shared/cli/flags.ts";
import { UsageError } from "../../../shared/cli/usage_error.ts";

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
  /** Print the help and stop. */
  help: boolean;
  /** Runs of each measurement. */
  rounds: number;
  /** Seconds of a run. */
  seconds: number;
}

/** @throws {UsageError} where the command line can't be obeyed */
export function readPostgresBenchOptions(
  args: readonly string[],
): PostgresBenchOptions {
  const { values, switches } = parseFlags(args, ["rounds", "seconds"], [
    "help",
  ]);
  return {
    ...switches,
    rounds: whole("rounds", values.rounds ?? "3"),
    seconds: whole("seconds", values.seconds ?? "5"),
  };
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UsageError(`--${name}: expected a whole number, got ${text}`);
}
