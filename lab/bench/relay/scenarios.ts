/**
 * What is measured: each scenario is run by the relay and then by its
 * yardstick, round by round, so that a disk's moods meet both.
 *
 * @module
 */

import type { Contestants, LoadOn } from "./contestants.ts";
import type { FramesPlan } from "./frames.ts";
import { measured, noop, WARM_UP } from "./measuring.ts";
import type { Scenario, Target } from "./scenario.ts";
import { CONNECTIONS, CONTENT_SIZE, FRAMES, texts, USERS } from "./texts.ts";
import { PULL } from "../../../kit/requests.ts";

/** Users of the large list. */
const MANY_USERS = 10_000;
/** Pulled inboxes, and how many of them warm up. */
const INBOXES = 6000;
const WARM_UP_INBOXES = 600;
const WAITING = 10;

/** All scenarios. Their databases are made here, or when one is first needed. */
export function scenarios(contestants: Contestants): Scenario[] {
  const templates = new Map<string, string>();
  const template = (name: string, users: number, waiting = 0) => {
    const path = templates.get(name) ?? contestants.seed(name, {
      users,
      waiting,
      inboxes: waiting > 0 ? INBOXES : 0,
      contentSize: CONTENT_SIZE,
    });
    templates.set(name, path);
    return path;
  };
  const few = () => template("few", USERS);

  const sends = (
    name: string,
    load: LoadOn,
    targets: Target[],
    fixedGroup?: number,
  ): Scenario => ({
    name,
    targets,
    async measure(seconds) {
      const { result, group } = await contestants.relay(
        few(),
        (relay) => measured(contestants, relay, load, { seconds }),
      );
      const yardstick = await insertRate(
        contestants,
        few(),
        fixedGroup ?? Math.max(1, Math.round(group)),
        seconds,
      );
      const { cpu: loadCpu, rate, median, p99 } = result;
      return [
        { relay: rate, yardstick, group, loadCpu },
        { relay: p99, yardstick: median, loadCpu },
      ].slice(0, targets.length);
    },
    ceiling: (seconds) => noop(contestants, load, seconds),
  });

  const againstNoop = (
    name: string,
    database: () => string,
    load: LoadOn,
    target: Target,
  ): Scenario => ({
    name,
    targets: [target],
    async measure(seconds) {
      const { result, group } = await contestants.relay(
        database(),
        (relay) => measured(contestants, relay, load, { seconds }),
      );
      const yardstick = (await noop(contestants, load, seconds)).rate;
      return [{
        relay: result.rate,
        yardstick,
        // What only reads has no group.
        ...load.frames.kind === "sendMessage" && { group },
        loadCpu: result.cpu,
      }];
    },
  });

  const againstLoop = (name: string, work: string, load: LoadOn): Scenario => ({
    name,
    targets: [{
      work,
      yardstick: "the same with the writer on the event loop",
      ratio: 1,
      is: "at least",
      unit: "/s",
    }],
    async measure(seconds) {
      const run = (writer: "thread" | "loop") =>
        contestants.relay(
          few(),
          (relay) => measured(contestants, relay, load, { seconds }),
          writer,
        );
      const { result, group } = await run("thread");
      const yardstick = (await run("loop")).result.rate;
      return [{ relay: result.rate, yardstick, group, loadCpu: result.cpu }];
    },
  });

  return [
    sends("sends", { connections: CONNECTIONS, frames: texts() }, [
      {
        work:
          `durable sends, ${CONNECTIONS} connections, one in flight on each`,
        yardstick: "SQLite alone, as many rows a commit",
        ratio: 0.85,
        is: "at least",
        unit: "/s",
      },
      {
        work: `p99 of a durable send at ${CONNECTIONS} connections`,
        yardstick: "its median",
        ratio: 4,
        is: "at most",
        unit: "ms",
      },
    ]),
    sends("pipelined", {
      connections: CONNECTIONS,
      inFlight: 16,
      frames: texts(),
    }, [{
      work: `durable sends, ${CONNECTIONS} connections, 16 in flight on each`,
      yardstick: "SQLite alone, 512 rows a commit",
      ratio: 0.85,
      is: "at least",
      unit: "/s",
    }], 512),
    againstNoop("fresh", few, {
      connections: CONNECTIONS,
      fresh: true,
      frames: texts(),
    }, {
      work:
        `durable sends, a connection for each request, ${CONNECTIONS} at once`,
      yardstick: "no-op relay",
      ratio: 0.6,
      is: "at least",
      unit: "/s",
    }),
    oneAtATime(contestants, few),
    againstNoop("key", few, {
      connections: CONNECTIONS,
      frames: keys(),
    }, {
      work: `public key, ${CONNECTIONS} connections`,
      yardstick: "no-op relay",
      ratio: 0.6,
      is: "at least",
      unit: "/s",
    }),
    pulls(contestants, () => template("waiting", INBOXES, WAITING)),
    againstNoop("list", () => template("many", MANY_USERS), {
      connections: CONNECTIONS,
      frames: {
        kind: "clientsList",
        users: MANY_USERS,
        count: 1024,
        order: "random",
      },
    }, {
      work: `clients list of ${
        MANY_USERS.toLocaleString("en")
      } users, ${CONNECTIONS} connections`,
      yardstick: "no-op relay, as many bytes",
      ratio: 0.7,
      is: "at least",
      unit: "/s",
    }),
    againstLoop("thread", "the writer's thread, at 64 connections", {
      connections: CONNECTIONS,
      frames: texts(),
    }),
    againstLoop("thread16", "the writer's thread, with 16 in flight on each", {
      connections: CONNECTIONS,
      inFlight: 16,
      frames: texts(),
    }),
  ];
}

/** A lone send can't take less than a request that writes nothing, and a commit. */
function oneAtATime(
  contestants: Contestants,
  template: () => string,
): Scenario {
  const load: LoadOn = { connections: 1, frames: texts() };
  return {
    name: "one",
    targets: [{
      work: "durable sends, one client, one at a time",
      yardstick: "a 602's round trip, then SQLite alone, 1 row a commit",
      ratio: 0.6,
      is: "at least",
      unit: "/s",
    }],
    async measure(seconds) {
      const rateOf = async (load: LoadOn) =>
        (await contestants.relay(
          template(),
          (relay) => measured(contestants, relay, load, { seconds }),
        )).result;
      const { rate, cpu } = await rateOf(load);
      const roundTrips = await rateOf({ connections: 1, frames: keys() });
      const commits = await insertRate(contestants, template(), 1, seconds);
      const yardstick = 1 / (1 / roundTrips.rate + 1 / commits);
      return [{ relay: rate, yardstick, loadCpu: cpu }];
    },
    ceiling: (seconds) => noop(contestants, load, seconds),
  };
}

/** Rows a second of SQLite alone. */
function insertRate(
  contestants: Contestants,
  template: string,
  group: number,
  seconds: number,
): Promise<number> {
  return contestants.sqlite(
    template,
    "insert",
    ...[WARM_UP, seconds].map((seconds) => ({
      users: USERS,
      contentSize: CONTENT_SIZE,
      group,
      seconds,
    })),
  );
}

/** Requests for the keys of users drawn by chance. */
function keys(): FramesPlan {
  return { kind: "publicKey", users: USERS, count: FRAMES, order: "random" };
}

/** Each inbox is pulled once; the next request on the connection shows that it was taken. */
function pulls(contestants: Contestants, template: () => string): Scenario {
  const load: LoadOn = {
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
  return {
    name: "pulls",
    targets: [{
      work:
        `pulls of ${WAITING} waiting texts each, deletion included, ${CONNECTIONS} connections`,
      yardstick: "SQLite alone, as many pulls a commit",
      ratio: 0.5,
      is: "at least",
      unit: "/s",
    }],
    async measure() {
      const { result, group } = await contestants.relay(
        template(),
        (relay) =>
          measured(contestants, relay, load, {}, { count: WARM_UP_INBOXES }),
      );
      const plan = { waiting: WAITING, group: Math.max(1, Math.round(group)) };
      const yardstick = await contestants.sqlite(
        template(),
        "pull",
        { ...plan, from: 0, to: WARM_UP_INBOXES },
        { ...plan, from: WARM_UP_INBOXES, to: INBOXES },
      );
      return [{ relay: result.rate, yardstick, group, loadCpu: result.cpu }];
    },
    ceiling: (seconds) =>
      noop(contestants, {
        ...load,
        frames: { ...load.frames, order: "random" },
      }, seconds),
  };
}
