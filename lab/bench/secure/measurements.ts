/**
 * What the secure port costs: each measurement starts relays of its own, and
 * compares with legacy connections in the same run.
 *
 * @module
 */

import type { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { Child } from "../relay/child.ts";
import {
  type Contestants,
  type RelayStats,
  WARM_UP,
} from "../relay/contestants.ts";
import { CONNECTIONS, texts, USERS } from "../relay/fixtures.ts";
import type { Handshakes } from "./handshakes.ts";
import type { Sends } from "./sends.ts";

/** Seconds of sends before they are measured: until the runtime has compiled what is hot. */
const STEADY = 6;
const NET = "--allow-net=127.0.0.1";
/** What a relay on PostgreSQL may do. */
const POSTGRES = [NET, "--allow-env", "--allow-read"];

/** Starts what makes the load. */
function startLoad(): Child {
  return Child.start("../secure/load.ts", [NET]);
}

/** A relay on a new database, and a load with accounts at it. */
async function withRelay<T>(
  contestants: Contestants,
  members: number,
  work: (load: Child, relay: Child) => Promise<T>,
): Promise<T> {
  const template = contestants.seed("few", { users: USERS });
  return await contestants.relay(template, async (relay) => {
    await using load = startLoad();
    const lines = [await relay.ask<string>("line")];
    await load.ask("register", { lines, members });
    return await work(load, relay);
  });
}

/** Sends of both protocols a second, alternately. */
export interface SendRound {
  legacy: number;
  secure: Sends;
}

/** Durable sends at so many connections, one in flight on each. */
export async function measureSendRound(
  contestants: Contestants,
  seconds: number,
  connections = CONNECTIONS,
): Promise<SendRound> {
  const template = contestants.seed("few", { users: USERS });
  const load = { connections, frames: texts() };
  const legacy = await contestants.measure(template, load, { seconds }, {
    warmUp: { seconds: STEADY },
  });
  const secure = await withRelay(contestants, connections, async (load) => {
    await load.ask("open", { connections });
    await load.ask("sends", { seconds: STEADY });
    return await load.ask<Sends>("sends", { seconds });
  });
  return { legacy: legacy.result.rate, secure };
}

/** KiB of resident memory for each idle connection. */
export interface MemoryRound {
  /** A legacy one that sent once. */
  legacy: number;
  /** An authenticated one. */
  secure: number;
}

/** Resident memory of idle connections. */
export async function measureMemory(
  contestants: Contestants,
  connections: number,
): Promise<MemoryRound> {
  const template = contestants.seed("few", { users: USERS });
  const rss = async (relay: Child) =>
    (await relay.ask<RelayStats>("stats")).rss / 1024;
  const frames = texts();
  const few = { connections: CONNECTIONS, frames };
  const legacy = await contestants.relay(template, async (relay) => {
    await contestants.load(relay, few, (run) => run({ seconds: WARM_UP }));
    const bare = await rss(relay);
    return await contestants.load(
      relay,
      { connections, frames },
      async (run) => {
        await run({ sweep: CONNECTIONS });
        return (await rss(relay) - bare) / connections;
      },
    );
  });
  const secure = await withRelay(
    contestants,
    connections,
    async (load, relay) => {
      await load.ask("open", { connections: CONNECTIONS });
      await load.ask("sends", { seconds: WARM_UP });
      await load.ask("close");
      const bare = await rss(relay);
      await load.ask("open", { connections });
      return (await rss(relay) - bare) / connections;
    },
  );
  return { legacy, secure };
}

/** Connections a second, closed at once, and with hello and authentication. */
export interface HandshakeRound {
  bare: number;
  authenticated: number;
}

/** Handshakes a second, eight at once. */
export function measureHandshakeRound(
  contestants: Contestants,
  seconds: number,
): Promise<HandshakeRound> {
  return withRelay(contestants, 1, async (load) => {
    const rate = async (authenticates: boolean) =>
      (await load.ask<Handshakes>("handshakes", {
        seconds,
        atOnce: 8,
        authenticates,
      })).rate;
    await rate(true);
    const authenticated = await rate(true);
    // Last: behind these the load's own signatures wait for seconds.
    return { bare: await rate(false), authenticated };
  });
}

/** What messages to those who wait cost. */
export interface ArrivalRound {
  /** Milliseconds from the send to the arrival. */
  times: readonly number[];
  /** Milliseconds of the relays' processor time for one message. */
  cpu: number;
  /** Bytes of the relays' resident memory with all waiting. */
  rss: number;
}

/** Messages to one of so many who wait at one relay on SQLite. */
export function measureArrivals(
  contestants: Contestants,
  waiting: number,
  messages: number,
): Promise<ArrivalRound> {
  return withRelay(
    contestants,
    waiting + 1,
    (load, relay) => arrivals(load, [relay], waiting, messages),
  );
}

/** Messages that come in at one relay on PostgreSQL, for those who wait at another. */
export async function measureSharedArrivals(
  cluster: PostgresCluster,
  waiting: number,
  messages: number,
): Promise<ArrivalRound> {
  const url = await cluster.database();
  await using first = Child.start("relay_process.ts", POSTGRES, url);
  // In turn: the first makes the tables.
  const lines = [await first.ask<string>("line")];
  await using second = Child.start("relay_process.ts", POSTGRES, url);
  lines.push(await second.ask<string>("line"));
  await using load = startLoad();
  await load.ask("register", { lines, members: waiting + 1 });
  return await arrivals(load, [first, second], waiting, messages);
}

async function arrivals(
  load: Child,
  relays: readonly Child[],
  waiting: number,
  messages: number,
): Promise<ArrivalRound> {
  const stats = async () => {
    const all = await Promise.all(
      relays.map((relay) => relay.ask<RelayStats>("stats")),
    );
    return {
      cpu: all.reduce((sum, { cpu }) => sum + cpu, 0),
      rss: all.reduce((sum, { rss }) => sum + rss, 0),
    };
  };
  await load.ask("open", { connections: waiting });
  await load.ask("wait");
  await load.ask("arrivals", { messages: Math.ceil(messages / 4) });
  const before = await stats();
  const times = await load.ask<number[]>("arrivals", { messages });
  const after = await stats();
  return {
    times,
    cpu: (after.cpu - before.cpu) / messages,
    rss: after.rss,
  };
}
