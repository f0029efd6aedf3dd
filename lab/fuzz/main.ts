/**
 * `deno task fuzz`: sends the relay and the decoders what no client should.
 *
 * @module
 */

import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  flagsHelp,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { fuzz } from "./fuzz.ts";

const integer = numberFrom(0, 2 ** 32);

const flags = {
  seconds: valueFlag("N", "how long (default: 30)", integer),
  minutes: valueFlag("N", "how long, in place of --seconds", integer),
  secure: switchFlag("the relay's secure port, in place of the legacy one"),
  seed: valueFlag("N", "what decides all cases (default: the clock)", integer),
  case: valueFlag(
    "N",
    "the first case (default: 0), to see a failure again",
    integer,
  ),
  help: switchFlag("print this"),
};

const HELP = `Sends the relay and the decoders what no client should send.

Usage: deno task fuzz [flags]

${flagsHelp(flags, 15)}`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = await readCommandLine(args, flags);
  const { minutes, secure = false } = values;
  const { seconds = minutes === undefined ? 30 : 60 * minutes } = values;
  const { seed = Date.now() % 2 ** 32 } = values;
  console.log(`seed ${seed}`);
  const { tally, failure } = await fuzz({
    seed,
    seconds,
    secure,
    firstCase: values.case ?? 0,
    progress: (line) => console.log(line),
  });
  console.log(tally.summary(failure === undefined ? 0 : 1));
  if (failure === undefined) return 0;
  console.error(`failure: ${failure.message}`);
  return 1;
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
