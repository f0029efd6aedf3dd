/**
 * Makes a binary of one of the programs, in `dist/`.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { readCommandLine } from "../../shared/cli/command_line.ts";
import { flagsHelp, nonEmpty, valueFlag } from "../../shared/cli/flags.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { bundle, compile, programs } from "./program.ts";

const flags = {
  output: valueFlag(
    "FILE",
    "the binary (default: dist/messageu-server or dist/messageu-client)",
    nonEmpty,
  ),
  target: valueFlag(
    "SYSTEM",
    'what it is for, as "deno compile" names it (default: this machine)',
    nonEmpty,
  ),
};

const HELP = `Makes a binary of the relay or of the client.

Usage: deno task compile:server [flags]
       deno task compile:client [flags]

${flagsHelp(flags, 19)}`;

async function main(args: readonly string[]): Promise<void> {
  const { values, words: [word] } = await readCommandLine(args, flags, 1);
  if (word !== "server" && word !== "client") {
    throw new UsageError(`Expected "server" or "client", got "${word ?? ""}"`);
  }
  const program = programs[word];
  const output = resolve(values.output ?? `dist/${program.name}`);
  await Deno.mkdir(dirname(output), { recursive: true });
  const folder = await Deno.makeTempDir({ prefix: "messageu-" });
  try {
    const file = await bundle(program, folder);
    console.log(await compile(program, file, output, values.target));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
