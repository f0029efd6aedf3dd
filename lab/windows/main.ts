/**
 * `deno task test:windows`: runs programs and tests for Windows under Wine.
 *
 * @module
 */

import { Interruption } from "../../kit/conformance/interruption.ts";
import { readCommandLine } from "../../shared/cli/command_line.ts";
import { flagsHelp, switchFlag } from "../../shared/cli/flags.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { getDenoExe } from "./deno_exe.ts";
import { installMissing } from "./packages.ts";
import { runStep, type Step } from "./step.ts";
import { steps } from "./steps.ts";
import { Tally } from "./tally.ts";
import { Wine } from "./wine.ts";

/** Where `deno.exe` and what it downloads are kept: not in the tree, whose files are checked. */
function keptFolder(): string {
  const caches = Deno.env.get("XDG_CACHE_HOME") ||
    `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  return `${caches}/messageu-windows`;
}

const flags = { help: switchFlag("print this") };

const HELP =
  `Runs our programs and tests for Windows under Wine, in a fresh Windows 10.

Usage: deno task test:windows [STEP...]

The steps, all by default: ${steps.map(({ name }) => name).join(", ")}

${flagsHelp(flags, 9)}

The first run downloads deno.exe and the packages into ~/.cache/messageu-windows.
Where Wine or its compiler is missing, root installs them with apt-get; without
them all is skipped, with the reason and exit code 0. The exit code is 1 if a
step failed, and 130 after Ctrl-C.`;

async function main(args: readonly string[]): Promise<number> {
  const { words } = await readCommandLine(args, flags, steps.length);
  const chosen = choose(words);
  const reason = await installMissing();
  if (reason !== undefined) return skip(reason);
  const kept = keptFolder();
  let exe: string;
  try {
    exe = await getDenoExe(`${kept}/deno.exe`);
  } catch (error) {
    return skip(`deno.exe can't be had: ${reasonOf(error)}`);
  }
  const interruption = new Interruption();
  await using wine = await Wine.create(exe, `${kept}/cache`);
  const tally = new Tally(chosen.length);
  for (const step of chosen) {
    if (interruption.signal.aborted) break;
    const start = performance.now();
    const result = await runStep(step, wine, interruption.signal);
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(tally.add(step.name, seconds, result));
  }
  console.log(tally.summary());
  return interruption.exitCode ?? (tally.isSound ? 0 : 1);
}

function choose(names: readonly string[]): readonly Step[] {
  const unknown = names.find((name) =>
    steps.every((step) => step.name !== name)
  );
  if (unknown !== undefined) {
    throw new UsageError(`There is no step "${unknown}": see --help`);
  }
  return names.length === 0
    ? steps
    : steps.filter(({ name }) => names.includes(name));
}

function skip(reason: string): number {
  console.log(`skipped: ${reason}`);
  return 0;
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
