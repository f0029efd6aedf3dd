/**
 * How throughput and memory grow with the connections that are open.
 *
 * @module
 */

import { type LoadOn, type RelayStats, WARM_UP } from "../contestants.ts";
import { CONNECTIONS, CONTENT_SIZE, texts, USERS } from "../fixtures.ts";
import { medians } from "../table.ts";
import type { Study } from "./growth.ts";

const SIZES = [1, 10, 100, 1000, 10_000];
/** Connections from which memory is shown: below, it is lost in the process's own. */
const LEAST_FOR_MEMORY = 1000;
/** Files that a process has open beside its connections. */
const OTHER_FILES = 64;

/** What one round shows. */
type Round = Record<
  /** Sends a second, 64 connections at work. */
  | "few"
  /** Sends a second, all at work. */
  | "all"
  /** The same on the no-op relay: what the runtime's sockets allow. */
  | "noop"
  /** KiB of a connection that hasn't sent anything yet. */
  | "silent"
  /** KiB of a connection that has had one response. */
  | "served",
  number
>;

/** Throughput and memory by open connections. */
export const connections: Study = async (contestants, { rounds, seconds }) => {
  checkOpenFiles(Math.max(...SIZES) + OTHER_FILES, contestants.dir);
  const template = contestants.seed("connections", { users: USERS });
  const measure = async (open: number): Promise<Round> => {
    const load: LoadOn = { connections: open, frames: texts() };
    const active = Math.min(open, CONNECTIONS);
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
        await run({ seconds: WARM_UP, active });
        const few = (await run({ seconds, active })).rate;
        const all = (await run({ seconds })).rate;
        return { few, all, silent, served };
      });
    });
    return { ...relay, noop: (await contestants.noop(load, seconds)).rate };
  };
  const measured: [number, Round][] = [];
  for (const open of SIZES) {
    measured.push([open, await medians(rounds, () => measure(open))]);
  }
  const line = (label: string, of: keyof Round, from = 0) => ({
    label,
    points: measured.filter(([open]) => open >= from)
      .map(([open, round]) => [open, round[of]] as const),
  });
  const x = { label: "open connections", log: true };
  return [{
    name: "connections",
    title: "Durable sends by open connections",
    note:
      `One request in flight on each connection at work; texts of ${CONTENT_SIZE} bytes.`,
    x,
    y: { label: "sends/s" },
    series: [
      line(`${CONNECTIONS} at work, the others idle`, "few"),
      line("all at work", "all"),
      line("the no-op relay, all at work", "noop"),
    ],
  }, {
    name: "connection_memory",
    title: "Resident memory of the relay per idle connection",
    note: "Above the process that has served 64 connections, which are closed.",
    x,
    y: { label: "KiB a connection" },
    series: [
      line("not a byte came yet", "silent", LEAST_FOR_MEMORY),
      line("idle after one send", "served", LEAST_FOR_MEMORY),
    ],
  }];
};

/**
 * Checks whether this many files can be open at once; the system's limit can't
 * be read with the bench's permissions.
 *
 * @param dir a folder to open files in
 * @throws {Error} where fewer can be
 */
function checkOpenFiles(needed: number, dir: string): void {
  const path = `${dir}/open`;
  const files: Deno.FsFile[] = [Deno.createSync(path)];
  try {
    while (files.length < needed) files.push(Deno.openSync(path));
  } catch (cause) {
    throw new Error(
      `Expected ${needed} files that can be open at once, got ${files.length}: raise the limit with ulimit -n`,
      { cause },
    );
  } finally {
    for (const file of files) file.close();
    Deno.removeSync(path);
  }
}
