/**
 * Kills the relay again and again in the middle of its work, and checks each
 * time that it kept its promises.
 *
 * @module
 */

import { numberOf, parseFlags } from "../../kit/flags.ts";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { type RoundReport, torture } from "./rounds.ts";
import { tortureSmallDisk } from "./small_disk.ts";
import { Violation } from "./violation.ts";

const HELP =
  `MessageU torture: kills the relay in the middle of its work, round by round.

Usage: deno task torture [flags]

  --rounds N       how often it is killed (default: 20)
  --seconds S      a round's kill comes after 0.2 to S seconds (default: 2)
  --connections C  connections at once (default: 48)
  --seed X         decides every choice, as far as time lets (default: by chance)
  --disk-full      fill a small disk instead, which takes root and
                   --allow-run=mount,umount
  --help           print this
`;

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
  const { values, switches } = parseFlags(
    args,
    ["rounds", "seconds", "connections", "seed"],
    ["disk-full"],
  );
  if (switches["disk-full"]) return await diskFull();
  const rounds = Math.trunc(
    numberOf("rounds", values.rounds, { min: 1 }) ?? 20,
  );
  const seconds = numberOf("seconds", values.seconds, { min: 0.2 }) ?? 2;
  const connections = Math.trunc(
    numberOf("connections", values.connections, { min: 1 }) ?? 48,
  );
  const chance = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const seed = Math.trunc(numberOf("seed", values.seed, {}) ?? chance);
  const dir = await Deno.makeTempDir({ prefix: "messageu-torture-" });
  console.log(`seed ${seed}`);
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
