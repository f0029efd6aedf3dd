/**
 * What is measured, round by round, so that a disk's moods meet all of it.
 *
 * @module
 */

import type { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { Child } from "../relay/child.ts";
import { type RelayStats, WARM_UP } from "../relay/contestants.ts";
import type { RunResult } from "../relay/run.ts";
import { CONNECTIONS, CONTENT_SIZE, texts } from "../relay/fixtures.ts";
import { pgbench, seedUsers, USERS } from "./pgbench.ts";

/** Numbers of relays. */
const RELAYS = [1, 2, 4];
/** Requests under way on each connection. */
const IN_FLIGHT = [1, 16];

/** What a load of sends reached. */
export interface SendRound {
  /** Relays that shared it. */
  relays: number;
  /** Requests under way on each connection. */
  inFlight: number;
  /** Sends that were acknowledged a second. */
  rate: number;
  /** Messages of one commit. */
  group: number;
  /** Milliseconds that 99 of 100 sends stay below; 0 unless one is in flight. */
  p99: number;
  /** Rows a second that the same client inserts directly, as many in a statement. */
  direct: number;
}

/** One round of everything. */
export interface BenchRound {
  /** Rows a second that pgbench inserts, one in each transaction. */
  inserts: number;
  /** The same, with the id taken from the inbox's counter. */
  counted: number;
  /** Through relays. */
  sends: SendRound[];
}

/** Measures all of it `rounds` times, each load for `seconds`. */
export async function measureRounds(
  cluster: PostgresCluster,
  dir: string,
  rounds: number,
  seconds: number,
): Promise<BenchRound[]> {
  const measured: BenchRound[] = [];
  await using load = Child.start("load.ts", [NET]);
  const template = await cluster.database();
  await seedUsers(cluster, template);
  const fresh = () => cluster.database(template);
  for (let round = 1; round <= rounds; round++) {
    const say = (what: string) =>
      console.error(`round ${round} of ${rounds}: ${what}`);
    const sends: SendRound[] = [];
    const clients = { clients: CONNECTIONS, seconds, dir };
    say("pgbench");
    const inserts = await pgbench(cluster, await fresh(), "insert", clients);
    const counted = await pgbench(cluster, await fresh(), "counted", clients);
    for (const inFlight of IN_FLIGHT) {
      for (const relays of RELAYS) {
        say(`${relays} relay(s), ${inFlight} in flight`);
        const through = await throughRelays(load, await fresh(), {
          relays,
          inFlight,
          seconds,
        });
        const direct = await insertDirectly(await fresh(), {
          group: Math.max(1, Math.round(through.group)),
          connections: relays * GROUPS,
          seconds,
        });
        sends.push({ relays, inFlight, ...through, direct });
      }
    }
    measured.push({ inserts, counted, sends });
  }
  return measured;
}

const NET = "--allow-net=127.0.0.1";
/** What the database's client looks for. */
const POSTGRES = [NET, "--allow-env", "--allow-read"];
/** Groups that a relay has under way at once. */
const GROUPS = 3;

async function throughRelays(
  load: Child,
  url: string,
  { relays, inFlight, seconds }: {
    relays: number;
    inFlight: number;
    seconds: number;
  },
): Promise<Pick<SendRound, "rate" | "group" | "p99">> {
  await using stack = new AsyncDisposableStack();
  const started = Array.from(
    { length: relays },
    () => stack.use(Child.start("relay_process.ts", POSTGRES, url)),
  );
  const ports = await Promise.all(
    started.map((relay) => relay.ask<number>("port")),
  );
  const commits = async () => {
    const stats = await Promise.all(
      started.map((relay) => relay.ask<RelayStats>("stats")),
    );
    return stats.reduce((sum, { commits }) => sum + commits, 0);
  };
  const plan = {
    connections: CONNECTIONS,
    inFlight,
    // One requester a connection; the recipients are all users.
    frames: { ...texts(USERS), requesters: CONNECTIONS },
  };
  await load.ask("open", { ...plan, ports });
  try {
    await load.ask("run", { seconds: WARM_UP });
    const before = await commits();
    const { rate, p99, responses } = await load.ask<RunResult>("run", {
      seconds,
    });
    const group = responses / Math.max(1, await commits() - before);
    return { rate, p99, group };
  } finally {
    await load.ask("close");
  }
}

/** What {@linkcode insertDirectly} asks of its process. */
export interface DirectPlan {
  /** Rows of one statement. */
  group: number;
  /** Connections that insert at once. */
  connections: number;
  /** How long. */
  seconds: number;
  /** Bytes of a row's content. */
  contentSize: number;
}

async function insertDirectly(
  url: string,
  plan: Omit<DirectPlan, "contentSize">,
): Promise<number> {
  await using child = Child.start(
    "../postgres/direct_process.ts",
    POSTGRES,
    url,
  );
  const insert = (seconds: number) =>
    child.ask<number>("insert", {
      ...plan,
      seconds,
      contentSize: CONTENT_SIZE,
    });
  await insert(WARM_UP);
  return await insert(plan.seconds);
}
