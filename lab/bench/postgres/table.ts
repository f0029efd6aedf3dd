/**
 * What was measured, as a table of Markdown.
 *
 * @module
 */

import { spreadOf } from "../relay/spread.ts";
import type { BenchRound } from "./rounds.ts";

/** The medians of all rounds, with the smallest and the largest of the ratios. */
export function roundsTable(rounds: readonly BenchRound[]): string {
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
      ratio(all.map(({ rate, inserts }) => rate / inserts)),
      ratio(all.map(({ rate, counted }) => rate / counted)),
      ratio(all.map(({ rate, direct }) => rate / direct)),
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
    ...lines(rows),
  ].join("\n");
}

function ratio(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values);
  const [middle, low, high] = [median, min, max].map((value) =>
    value.toFixed(2)
  );
  return `${middle} (${low}–${high})`;
}

function lines(rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => "---")), ...body.map(line)];
}
