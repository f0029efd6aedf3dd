/**
 * Measures the secure port against legacy connections on the same relay:
 * `deno task bench:secure`.
 *
 * @module
 */

import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  nonEmpty,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../../shared/cli/flags.ts";
import {
  runProgram,
  UsageError,
  withHelp,
} from "../../../shared/cli/program.ts";
import { decimalFrom } from "../../flags.ts";
import { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { growthText, writePlots } from "../relay/growth/growth.ts";
import { Contestants } from "../relay/contestants.ts";
import { describeMachine } from "../relay/machine.ts";
import { replaceSection } from "../relay/performance_page.ts";
import {
  measureArrivals,
  measureHandshakeRound,
  measureMemory,
  measureSendRound,
  measureSharedArrivals,
} from "./measurements.ts";
import {
  type ArrivalsAt,
  arrivalsFinding,
  type Row,
  rowsOf,
  rowsTable,
  type SendsAt,
  sendsFinding,
} from "./tables.ts";

/** What can be measured. */
const parts = [
  "sends",
  "memory",
  "handshakes",
  "arrivals",
  "postgres",
] as const;

const flags = {
  rounds: valueFlag(
    "N",
    "runs of each measurement, of sends twice as many and\none (default: 3)",
    numberFrom(1, Number.MAX_SAFE_INTEGER),
  ),
  seconds: valueFlag("N", "how long one takes (default: 3)", decimalFrom(0.1)),
  waiting: valueFlag(
    "N",
    "clients that wait at most (default: 10000)",
    numberFrom(10, 100_000),
  ),
  only: choiceFlag("NAME", `one part: ${parts.join(", ")}`, parts),
  dir: valueFlag(
    "DIR",
    "where the databases lie (default: the system's temporary folder)",
    nonEmpty,
  ),
  write: switchFlag(
    "put the numbers into docs/performance.md, and the plot into docs/plots",
  ),
  help: switchFlag("print this"),
};

const HELP =
  `Measures the secure port against legacy connections on the same relay.

Usage: deno task bench:secure [flags]

${flagsHelp(flags, 15)}`;

/** Connections that send, for the plot. */
const SENDERS = [1, 4, 16, 64, 256];
/** Idle connections of which memory is measured. */
const IDLE = 2000;
/** Messages whose arrival is measured. */
const MESSAGES = 400;
/** Clients that wait at two relays on PostgreSQL, and messages: each takes a look's time. */
const SHARED = 200;
const SHARED_MESSAGES = 100;

async function main(args: readonly string[]): Promise<void> {
  const { values } = await readCommandLine(args, flags);
  const { rounds = 3, seconds = 3, waiting = 10_000, only, write } = values;
  if (write && only !== undefined) {
    throw new UsageError(
      "--write with --only: the docs show all of it; leave one of them out",
    );
  }
  const dir = await Deno.makeTempDir({
    ...values.dir !== undefined && { dir: values.dir },
    prefix: "messageu-bench-",
  });
  try {
    const machine = describeMachine(dir);
    await using contestants = new Contestants(dir);
    const has = (part: typeof parts[number]) =>
      only === undefined || only === part;
    const repeated = async <T>(
      part: typeof parts[number],
      measure: () => Promise<T>,
      times = rounds,
    ): Promise<T[]> => {
      const all: T[] = [];
      for (let round = 1; has(part) && round <= times; round++) {
        console.error(`${part}: round ${round} of ${times}`);
        all.push(await measure());
      }
      return all;
    };
    const sends = await repeated(
      "sends",
      () => measureSendRound(contestants, seconds),
      // The disk's speed changes from one to the next.
      2 * rounds + 1,
    );
    const sendsAt: SendsAt[] = [];
    for (const connections of has("sends") ? SENDERS : []) {
      console.error(`sends: ${connections} connections`);
      const round = await measureSendRound(contestants, seconds, connections);
      sendsAt.push({ connections, ...round });
    }
    const memory = await repeated(
      "memory",
      () => measureMemory(contestants, Math.min(IDLE, waiting)),
    );
    const handshakes = await repeated(
      "handshakes",
      () => measureHandshakeRound(contestants, seconds),
    );
    const arrivals: ArrivalsAt[] = [];
    for (const size of has("arrivals") ? sizesTo(waiting) : []) {
      console.error(`arrivals: ${size} waiting`);
      const round = await measureArrivals(contestants, size, MESSAGES);
      arrivals.push({ waiting: size, ...round });
    }
    const shared = has("postgres")
      ? await sharedArrivals(Math.min(SHARED, waiting))
      : undefined;
    const rows: Row[] = rowsOf({ sends, memory, handshakes, arrivals, shared });
    const findings = [
      ...sendsAt.length > 0 ? [sendsFinding(sendsAt)] : [],
      ...arrivals.length > 1 ? [arrivalsFinding(arrivals)] : [],
    ];
    const text = [
      `${machine}, rounds: ${rounds}`,
      rowsTable(rows),
      growthText(findings),
    ].join("\n\n").trimEnd();
    console.log(text);
    if (!write) return;
    await replaceSection("secure", text);
    await writePlots(findings);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Powers of ten from 10 to a number, and the number. */
function sizesTo(most: number): number[] {
  const sizes: number[] = [];
  for (let size = 10; size < most; size *= 10) sizes.push(size);
  return [...sizes, most];
}

async function sharedArrivals(waiting: number): Promise<ArrivalsAt> {
  console.error(`postgres: ${waiting} waiting`);
  await using cluster = await PostgresCluster.start();
  const round = await measureSharedArrivals(
    cluster,
    waiting,
    SHARED_MESSAGES,
  );
  return { waiting, ...round };
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
