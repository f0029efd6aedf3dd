/**
 * What a user waits for while others attack the relay from other addresses, at
 * the relay's default limits. See `--help`.
 *
 * @module
 */

import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  switchFlag,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import { decimalFrom } from "../../flags.ts";
import { runProgram, withHelp } from "../../../shared/cli/program.ts";
import { Program } from "../../harness/program.ts";
import { Child } from "../relay/child.ts";
import { seedDatabase } from "../relay/seed.ts";
import { table } from "../../generate/markdown.ts";
import { spreadOf } from "../relay/table.ts";
import { attackNamed, attackNames, LARGE, MANY, send } from "./attacks.ts";
import { ask, requestNames, type Waits, work } from "./user.ts";

const flags = {
  seconds: valueFlag(
    "N",
    "how long each attack stands while the user works (default: 15)",
    decimalFrom(0.1, 600),
  ),
  only: choiceFlag(
    "NAME",
    `one attack: ${attackNames.join(", ")}`,
    attackNames,
  ),
  help: switchFlag("print this"),
};

const HELP = `Measures what a user waits for while others attack the relay.

Usage: deno task bench:attacks [flags]

${flagsHelp(flags, 15)}`;

const MIB = 1024 * 1024;
/** Milliseconds that an attack stands before the user begins. */
const BEFORE = 3000;

async function attack(name: string, duration: number): Promise<string[]> {
  const { connections, users = 10, flags = [] } = attackNamed(name);
  const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
  try {
    seedDatabase(`${dir}/db.defensive`, { users });
    await using relay = Program.relay(
      dir,
      ...["--port", "0", "--max-waiting", "0", ...flags],
    );
    const { port } = await relay.address();
    if (name.includes("unread-pulls") || name.includes("sipped")) {
      await ask(port, send(LARGE, 16 * MIB));
    }
    if (name === "devoured-pulls") {
      for (let i = 0; i < 10_000; i++) await ask(port, send(MANY, 1));
    }
    await using attackers = Child.start("../attacks/attacks.ts", [
      "--allow-net",
    ]);
    const opened = await attackers.ask<number>("begin", { name, port });
    if (connections > 0) {
      await new Promise((resolve) => setTimeout(resolve, BEFORE));
    }
    const waits = await work(port, duration);
    const left = await attackers.ask<number>("standing");
    return [name, `${left} of ${opened}`, ...texts(waits)];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The median and the longest of each kind. */
function texts(waits: Waits): string[] {
  return requestNames.map((name) => {
    const { median, max } = spreadOf(waits[name] ?? []);
    return `${text(median)} / ${text(max)}`;
  });
}

function text(ms: number): string {
  return ms === Infinity ? "none" : `${Number(ms.toPrecision(3))}`;
}

async function main(args: readonly string[]): Promise<void> {
  const { values: { seconds = 15, only } } = await readCommandLine(args, flags);
  const rows = [[
    ...["attack", "connections left"],
    ...requestNames.map((name) => `${name}, ms`),
  ]];
  for (const name of only === undefined ? attackNames : [only]) {
    console.error(name);
    rows.push(await attack(name, 1000 * seconds));
  }
  console.log("Of each wait the median and the longest.\n");
  console.log(table(rows));
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
