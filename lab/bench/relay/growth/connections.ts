/**
 * How throughput and memory grow with the connections that are open.
 *
 * @module
 */

import type { LoadOn, RelayStats } from "../contestants.ts";
import { noop } from "../measuring.ts";
import { checkOpenFiles } from "../open_files.ts";
import { spreadOf } from "../spread.ts";
import { CONNECTIONS, CONTENT_SIZE, texts, USERS } from "../texts.ts";
import { type Study, WARM_UP } from "./study.ts";

const SIZES = [1, 10, 100, 1000, 10_000];
/** Connections from which memory is told: below, it is lost in the process's own. */
const LEAST_FOR_MEMORY = 1000;
/** Files that a process has open beside its connections. */
const OTHER_FILES = 64;

/** What one round shows. */
interface Round {
  /** Sends a second, 64 connections at work. */
  few: number;
  /** Sends a second, all at work. */
  all: number;
  /** The same on the no-op relay: what the runtime's sockets allow. */
  noop: number;
  /** KiB of a connection that hasn't said anything yet. */
  silent: number;
  /** KiB of a connection that has been answered once. */
  served: number;
}

/** Throughput and memory by open connections. */
export const connections: Study = {
  name: "connections",
  async measure(contestants, { rounds, seconds }) {
    checkOpenFiles(Math.max(...SIZES) + OTHER_FILES, contestants.dir);
    const template = contestants.seed("connections", { users: USERS });
    const measure = async (open: number): Promise<Round> => {
      const load: LoadOn = { connections: open, frames: texts() };
      const relay = await contestants.relay(template, async (relay) => {
        const rss = async () => (await relay.ask<RelayStats>("stats")).rss;
        // What the process needs to serve at all isn't the connections'.
        await contestants.load(
          relay,
          { ...load, connections: CONNECTIONS },
          (run) => run({ seconds: WARM_UP }),
        );
        const bare = await rss();
        const each = (now: number) => (now - bare) / open / 1024;
        return await contestants.load(relay, load, async (run) => {
          const silent = each(await rss());
          // Few at a time: a burst's memory isn't that of idle connections.
          await run({ sweep: CONNECTIONS });
          const served = each(await rss());
          const active = Math.min(open, CONNECTIONS);
          await run({ seconds: WARM_UP, active });
          const few = await run({ seconds, active });
          const all = await run({ seconds });
          return { few: few.rate, all: all.rate, silent, served };
        });
      });
      return { ...relay, noop: (await noop(contestants, load, seconds)).rate };
    };
    const medians: [number, Round][] = [];
    for (const open of SIZES) {
      const measured: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        measured.push(await measure(open));
      }
      const median = (of: keyof Round) =>
        spreadOf(measured.map((round) => round[of])).median;
      medians.push([open, {
        few: median("few"),
        all: median("all"),
        noop: median("noop"),
        silent: median("silent"),
        served: median("served"),
      }]);
    }
    const line = (label: string, of: keyof Round, from = 0) => ({
      label,
      points: medians.filter(([open]) => open >= from)
        .map(([open, round]) => [open, round[of]] as const),
    });
    return [{
      name: "connections",
      title: "Durable sends by open connections",
      note:
        `One request in flight on each connection at work; texts of ${CONTENT_SIZE} bytes.`,
      x: { label: "open connections", log: true },
      y: { label: "sends/s" },
      series: [
        line(`${CONNECTIONS} at work, the others idle`, "few"),
        line("all at work", "all"),
        line("the no-op relay, all at work", "noop"),
      ],
    }, {
      name: "connection_memory",
      title: "Resident memory of the relay per idle connection",
      note:
        "Above the process that has served 64 connections, which are closed.",
      x: { label: "open connections", log: true },
      y: { label: "KiB a connection" },
      series: [
        line("not a byte came yet", "silent", LEAST_FOR_MEMORY),
        line("idle after one send", "served", LEAST_FOR_MEMORY),
      ],
    }];
  },
};
