/**
 * What was measured of the secure port, as a table and a plot.
 *
 * @module
 */

import { table } from "../../generate/markdown.ts";
import type { Finding } from "../relay/growth/growth.ts";
import { figure, ratioText, spreadOf } from "../relay/table.ts";
import type {
  ArrivalRound,
  HandshakeRound,
  MemoryRound,
  SendRound,
} from "./measurements.ts";

/** One row: what was measured, what came of it, and what is to be reached. */
export interface Row {
  work: string;
  result: string;
  target: string;
  reached: boolean | undefined;
}

/** Arrivals with so many who wait. */
export interface ArrivalsAt extends ArrivalRound {
  waiting: number;
}

/** Sends at so many connections. */
export interface SendsAt extends SendRound {
  connections: number;
}

/** Least ratio of secure sends to legacy ones. */
const SENDS = 0.7;
/** Most KiB of an authenticated connection above a legacy one. */
const MEMORY = 15;
/** Most milliseconds to the arrival of 95 of 100 messages. */
const ARRIVAL = 20;
const SHARED_ARRIVAL = 300;

/** All rows of what was measured. */
export function rowsOf(
  { sends, memory, handshakes, arrivals, shared }: {
    sends: readonly SendRound[];
    memory: readonly MemoryRound[];
    handshakes: readonly HandshakeRound[];
    arrivals: readonly ArrivalsAt[];
    shared: ArrivalsAt | undefined;
  },
): Row[] {
  return [
    ...sends.length > 0 ? [sendRow(sends)] : [],
    ...memory.length > 0 ? [memoryRow(memory)] : [],
    ...handshakes.length > 0 ? handshakeRows(handshakes) : [],
    ...arrivals.map((at) => arrivalRow(at, "one relay on SQLite", ARRIVAL)),
    ...shared === undefined ? [] : [
      arrivalRow(shared, "two relays on PostgreSQL", SHARED_ARRIVAL),
    ],
  ];
}

function sendRow(rounds: readonly SendRound[]): Row {
  const ratios = rounds.map(({ legacy, secure }) => secure.rate / legacy);
  const rate = (of: (round: SendRound) => number) =>
    figure(spreadOf(rounds.map(of)).median);
  const cpu = spreadOf(rounds.map(({ secure }) => secure.cpu)).median;
  return {
    work: "durable sends, 64 connections, one in flight on each",
    result: `${rate(({ secure }) => secure.rate)}/s, legacy ${
      rate(({ legacy }) => legacy)
    }/s: ${ratioText(ratios)}; p99 ${
      spreadOf(rounds.map(({ secure }) => secure.p99)).median.toFixed(1)
    } ms; the load's CPU ${Math.round(100 * cpu)} %`,
    target: `at least ${SENDS}`,
    reached: spreadOf(ratios).median >= SENDS,
  };
}

function memoryRow(rounds: readonly MemoryRound[]): Row {
  const above = rounds.map(({ legacy, secure }) => secure - legacy);
  const { median, min, max } = spreadOf(above);
  const kib = (of: keyof MemoryRound) =>
    spreadOf(rounds.map((round) => round[of])).median.toFixed(1);
  return {
    work: "memory of an idle authenticated connection above a legacy one",
    result: `${median.toFixed(1)} KiB (${min.toFixed(1)}–${max.toFixed(1)}): ${
      kib("secure")
    } KiB and ${kib("legacy")} KiB`,
    target: `at most ${MEMORY} KiB`,
    reached: median <= MEMORY,
  };
}

function handshakeRows(rounds: readonly HandshakeRound[]): Row[] {
  const rate = (of: keyof HandshakeRound) =>
    `${figure(spreadOf(rounds.map((round) => round[of])).median)}/s`;
  return [{
    work: "handshakes, 8 at once",
    result: rate("bare"),
    target: "",
    reached: undefined,
  }, {
    work: "handshakes with hello and authentication, 8 at once",
    result: rate("authenticated"),
    target: "",
    reached: undefined,
  }];
}

function arrivalRow(
  { waiting, times, cpu, rss }: ArrivalsAt,
  where: string,
  most: number,
): Row {
  const { p50, p95 } = percentiles(times);
  return {
    work: `a message to one of ${figure(waiting)} who wait, ${where}`,
    result: `arrives in ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms; ${
      cpu.toFixed(2)
    } ms of processor; ${figure(rss / 2 ** 20)} MiB resident`,
    target: `p95 at most ${most} ms`,
    reached: p95 <= most,
  };
}

/** The values that half, and 95 of 100, stay below. */
function percentiles(times: readonly number[]): { p50: number; p95: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

/** The rows in Markdown. */
export function rowsTable(rows: readonly Row[]): string {
  return table([
    ["work", "measured", "target", "reached"],
    ...rows.map(({ work, result, target, reached }) => [
      work,
      result,
      target,
      reached === undefined ? "" : reached ? "yes" : "**no**",
    ]),
  ]);
}

/** Arrivals by those who wait, to be drawn. */
export function arrivalsFinding(all: readonly ArrivalsAt[]): Finding {
  const line = (label: string, of: "p50" | "p95") => ({
    label,
    points: all.map(({ waiting, times }) =>
      [waiting, percentiles(times)[of]] as const
    ),
  });
  return {
    name: "arrivals",
    title: "From a send to its arrival by waiting clients",
    note:
      "One message at a time to one of them; SQLite; load and relay share the machine.",
    x: { label: "clients that wait", log: true },
    y: { label: "ms" },
    series: [line("half of the messages", "p50"), line("95 of 100", "p95")],
  };
}

/** Sends by those who send, to be drawn. */
export function sendsFinding(all: readonly SendsAt[]): Finding {
  const line = (label: string, rate: (round: SendRound) => number) => ({
    label,
    points: all.map((at) => [at.connections, rate(at)] as const),
  });
  return {
    name: "sends",
    title: "Durable sends on both ports",
    note:
      "One request in flight on each connection; SQLite; load and relay share the machine.",
    x: { label: "connections", log: true },
    y: { label: "a second" },
    series: [
      line("legacy", ({ legacy }) => legacy),
      line("secure", ({ secure }) => secure.rate),
    ],
  };
}
