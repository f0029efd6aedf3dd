/**
 * `deno task fuzz`: sends the relay and the decoders what no client should.
 *
 * @module
 */

import { numberOf, parseFlags } from "../../kit/flags.ts";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { fuzz } from "./fuzz.ts";

const HELP = `Sends the relay and the decoders what no client should send.

Usage: deno task fuzz [flags]

  --seconds N  how long (default: 30)
  --seed N     what decides all cases (default: the clock)
  --case N     the first case (default: 0), to see a failure again
  --help       print this
`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseFlags(args, ["seconds", "seed", "case"], []);
  const integer = (flag: keyof typeof values, initial: number) =>
    Math.trunc(numberOf(flag, values[flag], { max: 2 ** 32 }) ?? initial);
  const seed = integer("seed", Date.now() % 2 ** 32);
  console.log(`seed ${seed}`);
  const { tally, failure } = await fuzz({
    seed,
    seconds: integer("seconds", 30),
    firstCase: integer("case", 0),
    progress: (line) => console.log(line),
  });
  console.log(tally.summary(failure === undefined ? 0 : 1));
  if (failure === undefined) return 0;
  console.error(`failure: ${failure.message}`);
  return 1;
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
