/**
 * How the relay's memory behaves over a million requests.
 *
 * @module
 */

import type { LoadOn, RelayStats } from "../contestants.ts";
import { CONNECTIONS, CONTENT_SIZE, texts, USERS } from "../fixtures.ts";
import type { Study } from "./growth.ts";

const REQUESTS = 1_000_000;
/** Each so many-th request pulls, so that the inboxes don't fill up. */
const PULL_EVERY = 10;
/** Milliseconds from one sample of the memory to the next. */
const PERIOD = 1000;
/** Samples after the load, in which the runtime returns what was only garbage. */
const REST = 30;

/** Resident memory by requests answered. */
export const memory: Study = async (contestants) => {
  const template = contestants.seed("memory", { users: USERS });
  const load: LoadOn = {
    connections: CONNECTIONS,
    inFlight: 16,
    frames: { ...texts(), pullEvery: PULL_EVERY },
  };
  const points: [seconds: number, mebibytes: number][] = [];
  const { seconds } = await contestants.relay(template, async (relay) => {
    const start = performance.now();
    const sample = async () => {
      const { rss } = await relay.ask<RelayStats>("stats");
      points.push([(performance.now() - start) / 1000, rss / 1024 / 1024]);
      await new Promise((resolve) => setTimeout(resolve, PERIOD));
    };
    return await contestants.load(relay, load, async (run) => {
      let runs = true;
      const running = run({ count: REQUESTS }).finally(() => runs = false);
      running.catch(() => {}); // Awaited below.
      while (runs) await sample();
      for (let rest = 0; rest < REST; rest++) await sample();
      return await running;
    });
  });
  return [{
    name: "memory",
    title: "Resident memory of the relay over a million requests",
    note: `One run, ${REQUESTS.toLocaleString("en")} requests in ${
      seconds.toFixed(0)
    } s: ${CONNECTIONS} connections, 16 in flight on each, nine sends of ${CONTENT_SIZE} bytes to each pull; then ${
      REST * PERIOD / 1000
    } s of rest.`,
    x: { label: "seconds" },
    y: { label: "MiB" },
    series: [{ label: "resident memory", points }],
  }];
};
