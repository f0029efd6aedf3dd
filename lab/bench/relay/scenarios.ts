/**
 * What is measured: each scenario runs on the relay and then on its yardstick,
 * round by round, so that a change in the disk's speed affects both.
 *
 * @module
 */

import { PULL } from "../../../kit/requests.ts";
import {
  type Contestants,
  type LoadOn,
  WARM_UP,
  type WriterPlace,
} from "./contestants.ts";
import { CONNECTIONS, CONTENT_SIZE, FRAMES, texts, USERS } from "./fixtures.ts";
import type { FramesPlan } from "./frames.ts";
import type { RunPlan, RunResult } from "./run.ts";

/** Users of the large list. */
const MANY_USERS = 10_000;
/** Pulled inboxes. */
const INBOXES = 6000;
/** How many of them warm up. */
const WARM_UP_INBOXES = 600;
/** Messages in each of them. */
const WAITING = 10;

/** What the relay has to reach. */
export interface Target {
  /** The work, as the table names it. */
  work: string;
  /** What it is compared with. */
  yardstick: string;
  /** The ratio of both: at least this, or at most where times are compared. */
  ratio: number;
  /** Whether p99 is held against the median instead of a rate against another. */
  latency?: true;
}

/** One round of a target. */
export interface Round {
  /** The relay's figure. */
  relay: number;
  /** The yardstick's. */
  yardstick: number;
  /** Mean writes of one of the relay's commits; undefined where it only reads. */
  group?: number;
  /** Share of one processor that the load used against the relay. */
  loadCpu: number;
}

/** What a yardstick knows of the relay's run. */
interface Ran {
  /** Mean writes of a commit, at least 1. */
  group: number;
  /** How long it took, in seconds. */
  seconds: number;
}

/** Something to measure. */
export interface Scenario {
  /** What `--only` calls it. */
  name: string;
  /** What it shows. */
  targets: readonly Target[];
  /** Path of its database's template. */
  template: () => string;
  /** The load. */
  load: LoadOn;
  /** How the load is run, where it isn't for a time. */
  run?: { plan: RunPlan; warmUp: RunPlan };
  /** The yardstick's rate. */
  yardstick: (ran: Ran) => Promise<number>;
  /** The load on a relay that does nothing, where that isn't the yardstick. */
  ceiling?: LoadOn;
}

/** Measures a scenario once: a round of each of its targets. */
export async function measureOnce(
  contestants: Contestants,
  { targets, template, load, run, yardstick }: Scenario,
  seconds: number,
): Promise<Round[]> {
  const { result, group } = await contestants.measure(
    template(),
    load,
    run?.plan ?? { seconds },
    { ...run && { warmUp: run.warmUp } },
  );
  const rate = await yardstick({
    group: Math.max(1, Math.round(group)),
    seconds,
  });
  const writes = load.frames.kind === "sendMessage" || run !== undefined;
  return targets.map(({ latency }) => ({
    ...pair(result, rate, latency),
    ...writes && !latency && { group },
    loadCpu: result.cpu,
  }));
}

function pair({ rate, median, p99 }: RunResult, other: number, latency?: true) {
  return latency
    ? { relay: p99, yardstick: median }
    : { relay: rate, yardstick: other };
}

/** All scenarios; a database is made when it is first needed. */
export function scenarios(contestants: Contestants): Scenario[] {
  const few = () =>
    contestants.seed("few", { users: USERS, contentSize: CONTENT_SIZE });
  const waiting = () =>
    contestants.seed("waiting", {
      users: INBOXES,
      waiting: WAITING,
      inboxes: INBOXES,
      contentSize: CONTENT_SIZE,
    });
  const many = () => contestants.seed("many", { users: MANY_USERS });

  /** Rows a second that SQLite inserts by itself. */
  const inserts = (group: number, seconds: number) =>
    contestants.sqlite(
      few(),
      "insert",
      ...[WARM_UP, seconds].map((seconds) => ({
        users: USERS,
        contentSize: CONTENT_SIZE,
        group,
        seconds,
      })),
    );
  const rate = async (load: LoadOn, seconds: number, writer?: WriterPlace) =>
    (await contestants.measure(few(), load, { seconds }, {
      ...writer && { writer },
    })).result.rate;
  const againstNoop = (
    name: string,
    work: string,
    load: LoadOn,
    { ratio = 0.6, yardstick = "no-op relay", template = few } = {},
  ): Scenario => ({
    name,
    targets: [{ work, yardstick, ratio }],
    template,
    load,
    yardstick: async ({ seconds }) =>
      (await contestants.noop(load, seconds)).rate,
  });
  const againstLoop = (name: string, work: string, load: LoadOn): Scenario => ({
    name,
    targets: [{
      work,
      yardstick: "the same with the writer on the event loop",
      ratio: 1,
    }],
    template: few,
    load,
    yardstick: ({ seconds }) => rate(load, seconds, "loop"),
  });

  const one: LoadOn = { connections: 1, frames: texts() };
  const sends: LoadOn = { connections: CONNECTIONS, frames: texts() };
  const pipelined: LoadOn = { ...sends, inFlight: 16 };
  const pulls: LoadOn = {
    connections: CONNECTIONS,
    frames: {
      kind: PULL,
      users: INBOXES,
      waiting: WAITING,
      contentSize: CONTENT_SIZE,
      count: INBOXES,
      order: "once",
    },
  };
  return [
    {
      name: "sends",
      targets: [{
        work:
          `durable sends, ${CONNECTIONS} connections, one in flight on each`,
        yardstick: "SQLite alone, as many rows a commit",
        ratio: 0.85,
      }, {
        work: `p99 of a durable send at ${CONNECTIONS} connections`,
        yardstick: "its median",
        ratio: 4,
        latency: true,
      }],
      template: few,
      load: sends,
      yardstick: ({ group, seconds }) => inserts(group, seconds),
      ceiling: sends,
    },
    {
      name: "pipelined",
      targets: [{
        work: `durable sends, ${CONNECTIONS} connections, 16 in flight on each`,
        yardstick: "SQLite alone, 512 rows a commit",
        ratio: 0.85,
      }],
      template: few,
      load: pipelined,
      yardstick: ({ seconds }) => inserts(512, seconds),
      ceiling: pipelined,
    },
    againstNoop(
      "fresh",
      `durable sends, a connection for each request, ${CONNECTIONS} at once`,
      { ...sends, fresh: true },
    ),
    {
      name: "one",
      targets: [{
        work: "durable sends, one client, one at a time",
        yardstick: "a 602's round trip, then SQLite alone, 1 row a commit",
        ratio: 0.6,
      }],
      template: few,
      load: one,
      // A lone send takes at least a request that writes nothing, and a commit.
      async yardstick({ seconds }) {
        const roundTrips = await rate({ ...one, frames: keys }, seconds);
        return 1 / (1 / roundTrips + 1 / await inserts(1, seconds));
      },
      ceiling: one,
    },
    againstNoop("key", `public key, ${CONNECTIONS} connections`, {
      connections: CONNECTIONS,
      frames: keys,
    }),
    {
      name: "pulls",
      targets: [{
        work:
          `pulls of ${WAITING} waiting texts each, deletion included, ${CONNECTIONS} connections`,
        yardstick: "SQLite alone, as many pulls a commit",
        ratio: 0.5,
      }],
      template: waiting,
      load: pulls,
      // Each inbox is pulled once; the connection's next request confirms it.
      run: { plan: {}, warmUp: { count: WARM_UP_INBOXES } },
      yardstick: ({ group }) =>
        contestants.sqlite(
          waiting(),
          "pull",
          { waiting: WAITING, group, from: 0, to: WARM_UP_INBOXES },
          { waiting: WAITING, group, from: WARM_UP_INBOXES, to: INBOXES },
        ),
      ceiling: { ...pulls, frames: { ...pulls.frames, order: "random" } },
    },
    againstNoop(
      "list",
      `clients list of ${
        MANY_USERS.toLocaleString("en")
      } users, ${CONNECTIONS} connections`,
      {
        connections: CONNECTIONS,
        frames: {
          kind: "clientsList",
          users: MANY_USERS,
          count: 1024,
          order: "random",
        },
      },
      { ratio: 0.7, yardstick: "no-op relay, as many bytes", template: many },
    ),
    againstLoop("thread", "the writer's thread, at 64 connections", sends),
    againstLoop(
      "thread16",
      "the writer's thread, with 16 in flight on each",
      pipelined,
    ),
  ];
}

/** Requests for the keys of random users. */
const keys: FramesPlan = {
  kind: "publicKey",
  users: USERS,
  count: FRAMES,
  order: "random",
};
