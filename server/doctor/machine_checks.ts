/**
 * Checks of what any relay needs, whatever its store: the clock, open files,
 * memory and the port. Each `judge…` says what a measurement means.
 *
 * @module
 */

import process from "node:process";
import {
  bad,
  type Finding,
  ok,
  unknown,
  warning,
} from "../../shared/cli/finding.ts";
import { formatBytes, formatCount } from "../../shared/cli/figures.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { formatAddress } from "../../shared/folder/info_server.ts";
import type { Limits } from "../relay/limits/limits.ts";

/** The earliest plausible time: the program isn't older. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** The time from which on a clock is wrong. */
const LATEST = Date.UTC(2066, 0, 1);
/** Milliseconds that a clock may be behind the store's latest visit. */
const CLOCK_TOLERANCE = 24 * 60 * 60 * 1000;

/**
 * Whether the clock is plausible: each user's last visit is kept by it.
 *
 * @param latestVisit the latest time in the store, where it has one
 */
export function checkClock(now: Date, latestVisit: Date | undefined): Finding {
  const what = formatTime(now);
  const time = now.getTime();
  if (!(time >= EARLIEST && time < LATEST)) {
    return bad(`${what}, that can't be`, "set the clock");
  }
  if (
    latestVisit !== undefined && latestVisit.getTime() - time > CLOCK_TOLERANCE
  ) {
    return warning(
      `${what}, but the store's latest visit is of ${formatTime(latestVisit)}`,
      "set the clock; if it is right, it was ahead before",
    );
  }
  return ok(what);
}

/** To the minute, in UTC. */
function formatTime(time: Date): string {
  if (Number.isNaN(time.getTime())) return "no time at all";
  return `${time.toISOString().slice(0, -8).replace("T", " ")} UTC`;
}

/** Files beside the connections: the database's, the runtime's, and some to spare. */
const OTHER_FILES = 64;
/** Files that are opened at most: about two seconds. */
const MOST_FILES = 100_000;

/**
 * Whether as many files can be open as there may be connections. Opens a
 * folder again and again: the relay's permissions hide the system's own limits.
 */
export function checkFiles(
  folder: string,
  { maxConnections }: Pick<Limits, "maxConnections">,
): Finding {
  const wanted = maxConnections > 0 ? maxConnections + OTHER_FILES : MOST_FILES;
  try {
    const open = countOpenable(folder, Math.min(wanted, MOST_FILES));
    return judgeFiles(open, maxConnections);
  } catch (error) {
    return unknown(`open files unknown here: ${reasonOf(error)}`);
  }
}

/** Judges the number of files that could be opened. */
export function judgeFiles(open: number, maxConnections: number): Finding {
  const room = Math.max(0, open - OTHER_FILES);
  const what = `${formatCount(open)} can be open at once`;
  const raise = "raise the system's limit (ulimit -n, LimitNOFILE)";
  if (room < OTHER_FILES) return bad(`${what}, too few for a relay`, raise);
  if (maxConnections === 0) {
    return warning(
      `${what}, and --max-connections 0 lets clients take all of them`,
      `set --max-connections to ${room} or less`,
    );
  }
  if (open >= maxConnections + OTHER_FILES) return ok(what);
  const needed = `the ${
    formatCount(maxConnections + OTHER_FILES)
  } that --max-connections ${maxConnections} needs`;
  if (open >= MOST_FILES) return unknown(`${what}, ${needed} weren't tried`);
  return warning(
    `${what}, not ${needed}`,
    `${raise}, or set --max-connections to ${room} or less`,
  );
}

/**
 * How many files can be opened now, up to a number.
 *
 * @throws {Error} where the first one can't
 */
function countOpenable(path: string, most: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < most) files.push(Deno.openSync(path));
  } catch (error) {
    if (!isExhausted(error)) throw error;
  } finally {
    for (const file of files) file.close();
  }
  return files.length;
}

/** Whether the process, or the system, has no more files to give. */
function isExhausted(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "EMFILE" || error.code === "ENFILE";
}

const MIB = 1024 * 1024;
/** Bytes of a relay under load without large requests, and of its caches. */
const RELAY_MEMORY = 256 * MIB;
/** Bytes of an idle connection. */
const CONNECTION_MEMORY = 15 * 1024;

/** A machine's memory, or a container's, in bytes. */
export interface Memory {
  /** What could be had now. */
  available: number;
  /** All of it. */
  total: number;
}

/** Whether there is memory for what the limits allow. */
export function checkMemory(limits: Limits): Finding {
  try {
    return judgeMemory(measureMemory(), limits);
  } catch (error) {
    return unknown(`memory unknown here: ${reasonOf(error)}`);
  }
}

/** @throws {Error} where the system or a permission doesn't tell */
function measureMemory(): Memory {
  const { available, total } = Deno.systemMemoryInfo();
  // A container's limit; 0 or something huge where there is none.
  const limit = process.constrainedMemory() || Infinity;
  return {
    available: Math.min(available, process.availableMemory()),
    total: Math.min(total, limit),
  };
}

/** Judges the memory for a relay with these limits. */
export function judgeMemory(
  { available, total }: Memory,
  { maxInflight, maxConnections }: Limits,
): Finding {
  const need = RELAY_MEMORY + maxInflight + CONNECTION_MEMORY * maxConnections;
  const uncounted = maxConnections === 0 ? ", connections not counted" : "";
  const what = `${formatBytes(available)} of ${
    formatBytes(total)
  } free, these limits allow ${formatBytes(need)}${uncounted}`;
  const advice = "lower --max-inflight or --max-connections";
  if (need > total) return bad(what, advice);
  if (need <= available) return ok(what);
  return warning(what, `${advice}, or stop other programs`);
}

/**
 * Whether the relay's port can be listened on: listens there and stops at once.
 *
 * @param running whether a relay runs on this store
 */
export function checkPort(
  address: { hostname: string; port: number },
  running: boolean,
): Finding {
  const where = formatAddress(address);
  try {
    Deno.listen(address).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) {
      return bad(
        `can't listen on ${where} (${reasonOf(error)})`,
        "take another one with --host and --port",
      );
    }
    // The system doesn't say by whom.
    if (running) {
      return ok(`${where} is in use, it seems by the relay that runs`);
    }
    return bad(
      `${where} is in use`,
      "stop the other program, perhaps another relay, or take another port with --port",
    );
  }
  return ok(address.port === 0 ? "any free one" : `${where} is free`);
}
