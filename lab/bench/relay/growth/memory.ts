/**
 * How the relay's memory behaves over a million requests.
 *
 * @module
 */

import type { LoadOn, RelayStats } from "../contestants.ts";
import { CONNECTIONS, CONTENT_SIZE, texts, USERS } from "../texts.ts";
import type { Study } from "./study.ts";

const REQUESTS = 1_000_000;
/** Each so many-th request pulls, so that the inboxes don't fill up. */
const PULL_EVERY = 10;
/** Milliseconds from one look at the memory to the next. */
const PERIOD = 1000;
/** Milliseconds behind the load in which the runtime gives back what was only garbage. */
const REST = 30_000;

/** Resident memory by requests answered. */
export const memory: Study = {
  name: "memory",
  async measure(contestants) {
    const template = contestants.seed("memory", { users: USERS });
    const load: LoadOn = {
      connections: CONNECTIONS,
      inFlight: 16,
      frames: { ...texts(), pullEvery: PULL_EVERY },
    };
    const samples: [seconds: number, mebibytes: number][] = [];
    const result = await contestants.relay(template, async (relay) => {
      const start = performance.now();
      const sample = async () => {
        const { rss } = await relay.ask<RelayStats>("stats");
        const seconds = (performance.now() - start) / 1000;
        samples.push([seconds, rss / 1024 / 1024]);
      };
      const sampleUntil = async (work: Promise<unknown>) => {
        let over = false;
        work.finally(() => over = true).catch(() => {});
        while (!over) {
          await sleep(PERIOD, work);
          await sample();
        }
      };
      return await contestants.load(relay, load, async (run) => {
        await sample();
        const running = run({ count: REQUESTS });
        await sampleUntil(running);
        await sampleUntil(
          new Promise((resolve) => setTimeout(resolve, REST)),
        );
        return await running;
      });
    });
    return [{
      name: "memory",
      title: "Resident memory of the relay over a million requests",
      note: `One run, ${REQUESTS.toLocaleString("en")} requests in ${
        result.seconds.toFixed(0)
      } s: ${CONNECTIONS} connections, 16 in flight on each, nine sends of ${CONTENT_SIZE} bytes to each pull; then ${
        REST / 1000
      } s of rest.`,
      x: { label: "seconds" },
      y: { label: "MiB" },
      series: [{ label: "resident memory", points: samples }],
    }];
  },
};

/** Waits for a time, or for the work's end if that comes first. */
async function sleep(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise((resolve) => timer = setTimeout(resolve, ms));
  try {
    await Promise.race([elapsed, work]);
  } finally {
    clearTimeout(timer);
  }
}
