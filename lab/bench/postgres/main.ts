/**
 * Measures relays that share a PostgreSQL database against PostgreSQL itself:
 * `deno task bench:postgres`.
 *
 * @module
 */

import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  flagsHelp,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import { decimalFrom } from "../../flags.ts";
import { runProgram, withHelp } from "../../../shared/cli/program.ts";
import { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { describeMachine } from "../relay/machine.ts";
import { table } from "../../generate/markdown.ts";
import { ratioText, spreadOf } from "../relay/table.ts";
import { type BenchRound, measureRounds } from "./rounds.ts";

const flags = {
  rounds: valueFlag(
    "N",
    "runs of each measurement (default: 3)",
    numberFrom(1, Number.MAX_SAFE_INTEGER),
  ),
  seconds: valueFlag("N", "how long one takes (default: 5)", decimalFrom(0.1)),
  help: switchFlag("print this"),
};

const HELP =
  `Measures relays on one PostgreSQL database against PostgreSQL itself.

Usage: deno task bench:postgres [flags]

${flagsHelp(flags, 15)}`;

/** The medians of all rounds, with the smallest and the largest of the ratios. */
function roundsTable(rounds: readonly BenchRound[]): string {
  const rows = [
    [
      "relays",
      "in flight on each of 64 connections",
      "durable sends",
      "messages a commit",
      "p99",
      "of pgbench's inserts",
      "of the same with counted ids",
      "of rows inserted directly",
    ],
  ];
  const median = (values: number[]) => Math.round(spreadOf(values).median);
  const first = rounds[0]?.sends ?? [];
  for (const [i, { relays, inFlight }] of first.entries()) {
    const all = rounds.flatMap((round) => {
      const send = round.sends[i];
      return send === undefined ? [] : [{ ...round, ...send }];
    });
    const rate = median(all.map((round) => round.rate));
    const p99 = spreadOf(all.map((round) => round.p99)).median;
    rows.push([
      `${relays}`,
      `${inFlight}`,
      `${rate.toLocaleString("en")}/s`,
      spreadOf(all.map(({ group }) => group)).median.toFixed(1),
      inFlight === 1 ? `${p99.toFixed(1)} ms` : "",
      ratioText(all.map(({ rate, inserts }) => rate / inserts)),
      ratioText(all.map(({ rate, counted }) => rate / counted)),
      ratioText(all.map(({ rate, direct }) => rate / direct)),
    ]);
  }
  const inserts = median(rounds.map((round) => round.inserts));
  const counted = median(rounds.map((round) => round.counted));
  const direct = rounds[0]?.sends.map((_, i) =>
    median(rounds.flatMap(({ sends }) => sends[i]?.direct ?? []))
  );
  return [
    `pgbench, 64 clients, one row in a transaction: ${
      inserts.toLocaleString("en")
    } rows/s; with ids counted for each inbox: ${
      counted.toLocaleString("en")
    } rows/s.`,
    `Inserted directly, as many rows in a statement as a relay's, in the order of the table: ${
      direct?.map((rate) => rate.toLocaleString("en")).join("; ")
    } rows/s.`,
    "",
    table(rows),
  ].join("\n");
}

async function main(args: readonly string[]): Promise<void> {
  const { values: { rounds = 3, seconds = 5 } } = await readCommandLine(
    args,
    flags,
  );
  const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
  try {
    const machine = describeMachine(dir);
    await using cluster = await PostgresCluster.start();
    const version = await cluster.sql("SHOW server_version");
    const measured = await measureRounds(cluster, dir, rounds, seconds);
    console.log(`${machine}, PostgreSQL ${version}, rounds: ${rounds}\n`);
    console.log(roundsTable(measured));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
