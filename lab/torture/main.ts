/**
 * Kills the relay again and again in the middle of its work, and checks each
 * time that it kept its promises.
 *
 * @module
 */

import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { decimalFrom } from "../flags.ts";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { type RoundReport, torture } from "./rounds.ts";
import { runSecurely } from "./secure/run.ts";
import { siteNames } from "./secure/sites.ts";
import { tortureSmallDisk } from "./small_disk.ts";
import { Violation } from "./violation.ts";

/** Parses a positive count. */
const count = numberFrom(1, Number.MAX_SAFE_INTEGER);

const flags = {
  rounds: valueFlag("N", "how often it is killed (default: 20)", count),
  seconds: valueFlag(
    "S",
    "a round's kill comes after 0.2 to S seconds (default: 2)",
    decimalFrom(0.2),
  ),
  connections: valueFlag("C", "connections at once (default: 48)", count),
  seed: valueFlag(
    "X",
    "decides every choice, as far as time lets (default: by chance)",
    numberFrom(0, Number.MAX_SAFE_INTEGER),
  ),
  secure: switchFlag(
    "the secure protocol instead, with its own senders and\nreaders",
  ),
  store: choiceFlag(
    "KIND",
    "with --secure: sqlite (default), or postgres for two relays on one\ndatabase",
    siteNames,
  ),
  claims: switchFlag("with --secure: claim packages, and nothing else"),
  diskFull: switchFlag(
    "fill a small disk instead, which takes root and\n--allow-run=mount,umount",
  ),
  help: switchFlag("print this"),
};

const HELP =
  `MessageU torture: kills the relay in the middle of its work, round by round.

Usage: deno task torture [flags]

${flagsHelp(flags, 19)}`;

function line(head: string, report: RoundReport): string {
  const cells: [number, string][] = [
    [report.registrations, "registered"],
    [report.messages, "sent"],
    [report.handedOut, "handed out"],
    [report.taken, "taken"],
    [report.inFlight, "in flight"],
    [report.connections, "connections"],
    [report.resets, "torn"],
    [report.cut, "cut"],
    [report.checks, "checked"],
  ];
  return [
    head.padEnd(10),
    `${Math.round(report.lasted)} ms`.padStart(8),
    ...cells.map(([count, what]) => `${`${count}`.padStart(7)} ${what}`),
  ].join("");
}

/** Says what was seen where a disk that is mounted for it fills up. */
async function diskFull(): Promise<number> {
  const dir = await Deno.makeTempDir({ prefix: "messageu-torture-" });
  try {
    const outcome = await tortureSmallDisk(dir);
    if (typeof outcome === "string") {
      console.log(`skipped, since no small disk can be mounted: ${outcome}`);
      return 0;
    }
    const { filled, refused, waiting } = outcome;
    console.log(
      `a full disk: ${filled} messages filled it, ${refused} were refused, all were taken once; ` +
        `with room again ${waiting.length} more, which the next relay found`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    console.error(`error: ${error.message}`);
    return 1;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = await readCommandLine(args, flags);
  if (values.diskFull) return await diskFull();
  const { rounds = 20, seconds = 2, connections = 48 } = values;
  const chance = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const { seed = chance } = values;
  const dir = await Deno.makeTempDir({ prefix: "messageu-torture-" });
  console.log(`seed ${seed}`);
  if (values.secure) {
    const { store = "sqlite", claims = false } = values;
    const work = claims ? "claims" : "all";
    const options = {
      rounds,
      seconds,
      connections,
      seed,
      dir,
      store,
      work,
    } as const;
    return await runSecurely(options);
  }
  let round = 0;
  let messages = 0;
  let checks = 0;
  try {
    for await (
      const report of torture({ rounds, seconds, connections, seed, dir })
    ) {
      messages += report.messages;
      checks += report.checks;
      round++;
      console.log(
        line(round > rounds ? "at the end" : `round ${round}`, report),
      );
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    console.error(`error: ${error.message}`);
    console.error(
      `In round ${round + 1} with --seed ${seed}; the database is in ${dir}`,
    );
    return 1;
  }
  await Deno.remove(dir, { recursive: true });
  console.log(
    `${rounds} kills: of ${messages} acknowledged messages none was lost, none came twice; ${checks} checks, none failed`,
  );
  return 0;
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
