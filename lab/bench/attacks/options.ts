/**
 * The command line of the bench of attacks.
 *
 * @module
 */

import { numberOf, oneOf, parseFlags } from "../../../kit/flags.ts";
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

/**
 * How the bench is run: for how many milliseconds each attack lasts, which
 * attacks, and the checkout of the relay.
 *
 * @throws {UsageError} where the command line can't be obeyed
 */
export function readAttackBenchOptions(args: readonly string[]) {
  const { values } = parseFlags(args, ["seconds", "only", "relay"], []);
  const seconds = numberOf("seconds", values.seconds, { min: 0.1, max: 600 });
  const only = oneOf("only", values.only, attackNames);
  return {
    duration: 1000 * (seconds ?? 15),
    names: only === undefined ? attackNames : [only],
    relay: values.relay,
  };
}
