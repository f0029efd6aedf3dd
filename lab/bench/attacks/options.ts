/**
 * The command line of the bench of attacks.
 *
 * @module
 */

import { parseFlags } from "../../../shared/cli/flags.ts";
import { UsageError } from "../../../shared/cli/usage_error.ts";
import { attackNames } from "./attacks.ts";

/** What `--help` prints. */
export const HELP =
  `Measures what a user waits for while others attack the relay.

Usage: deno task bench:attacks [flags]

  --seconds N  how long each attack stands while the user works (default: 15)
  --only NAME  one attack: ${attackNames.join(", ")}
  --relay DIR  another checkout, whose relay is attacked (default: this one)
  --help       print this
`;

/** How the bench is run. */
export interface AttackBenchOptions {
  /** Print the help and stop. */
  help: boolean;
  /** Milliseconds of each attack. */
  duration: number;
  /** The attacks' names. */
  names: readonly string[];
  /** The checkout of the relay. */
  relay: string | undefined;
}

/** @throws {UsageError} where the command line can't be obeyed */
export function readAttackBenchOptions(
  args: readonly string[],
): AttackBenchOptions {
  const { values, switches } = parseFlags(args, ["seconds", "only", "relay"], [
    "help",
  ]);
  const seconds = Number(values.seconds ?? "15");
  if (!(seconds > 0 && seconds <= 600)) {
    throw new UsageError(
      `--seconds: expected a number up to 600, got ${values.seconds}`,
    );
  }
  const names = attackNames.filter((name) =>
    values.only === undefined || name === values.only
  );
  if (names.length === 0) {
    throw new UsageError(
      `--only: expected one of ${attackNames.join(", ")}, got ${values.only}`,
    );
  }
  return { ...switches, duration: 1000 * seconds, names, relay: values.relay };
}
