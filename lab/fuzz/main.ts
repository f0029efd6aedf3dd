/**
 * `deno task fuzz`: sends the relay and the decoders what no client should.
 *
 * @module
 */

import { parseFlags } from "../../shared/cli/flags.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";
import { runProgram } from "../../shared/cli/program.ts";
import { fuzz } from "./fuzz.ts";

const HELP = `Sends the relay and the decoders what no client should send.

Usage: deno task fuzz [flags]

  --seconds N  how long (default: 30)
  --seed N     what decides all cases (default: the clock)
  --case N     the first case (default: 0), to see a failure again
  --help       print this
`;

function integer(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(`--${name}: expected a number, got ${text}`);
}

async function main(args: readonly string[]): Promise<number> {
  const { values, switches } = parseFlags(
    args,
    ["seconds", "seed", "case"],
    ["help"],
  );
  if (switches.help) {
    console.log(HELP.trimEnd());
    return 0;
  }
  const seed = integer("seed", values.seed ?? `${Date.now() % 2 ** 32}`);
  console.log(`seed ${seed}`);
  const { tally, failure } = await fuzz({
    seed,
    seconds: integer("seconds", values.seconds ?? "30"),
    firstCase: integer("case", values.case ?? "0"),
    progress: (line) => console.log(line),
  });
  console.log(tally.summary(failure === undefined ? 0 : 1));
  if (failure === undefined) return 0;
  console.error(`failure: ${failure.message}`);
  return 1;
}

if (import.meta.main) await runProgram(main);
