/**
 * Checks that don't depend on the store: clock, open files, memory and port.
 * Each `judge…` function turns a measurement into a finding.
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
import { formatAddress } from "../../shared/folder/info_files.ts";
import type { Limits } from "../relay/limits/limits.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** The earliest plausible time: the program is newer. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** The first implausible time. */
const LATEST = Date.UTC(2066, 0, 1);
/** Milliseconds that the clock may be behind the store's latest visit. */
const CLOCK_TOLERANCE = 24 * 60 * 60 * 1000;

/**
 * Checks that the clock is plausible, since last-seen times come from it.
 *
 * @param latestVisit the latest last-seen time in the store, if any
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

/** Formats a time to the minute, in UTC. */
function formatTime(time: Date): string {
  if (Number.isNaN(time.getTime())) return "no time at all";
  return `${time.toISOString().slice(0, -8).replace("T", " ")} UTC`;
}

/** Number of files beside the connections: for the database, the runtime and some reserve. */
const OTHER_FILES = 64;
/** Maximum number of files to open, which takes about two seconds. */
const MOST_FILES = 100_000;

/**
 * Checks that the limit of open files allows the maximum number of connections.
 * It opens a folder repeatedly, since the relay has no permission to read the
 * system's limits.
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

/** Judges the number of files that could be opened at once. */
export function judgeFiles(open: number, maxConnections: number): Finding {
  const room = Math.max(0, open - OTHER_FILES);
  const what = `${formatCount(open)} can be open at once`;
  const raise =
    "raise the system's limit (ulimit -n, LimitNOFILE of systemd, NumberOfFiles of launchd)";
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
 * Counts how many files can be opened at once, up to `most`.
 *
 * @throws {Error} if none can be opened
 */
function countOpenable(path: string, most: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < most) files.push(Deno.openSync(path));
  } catch (error) {
    // The limit of the process, or of the system.
    if (!hasCode(error, "EMFILE", "ENFILE")) throw error;
  } finally {
    for (const file of files) file.close();
  }
  return files.length;
}

const MIB = 1024 * 1024;
/** Memory in bytes of a relay under load, with its caches and without large requests. */
const RELAY_MEMORY = 256 * MIB;
/** Memory in bytes of an idle connection. */
const CONNECTION_MEMORY = 15 * 1024;

/** Memory of a machine or a container, in bytes. */
export interface Memory {
  /** Available now. */
  available: number;
  /** In total. */
  total: number;
}

/** Checks that the memory suffices for the limits. */
export function checkMemory(limits: Limits): Finding {
  try {
    return judgeMemory(measureMemory(), limits);
  } catch (error) {
    return unknown(`memory unknown here: ${reasonOf(error)}`);
  }
}

/** @throws {Error} if a permission prevents it */
function measureMemory(): Memory {
  return combineMemory(Deno.systemMemoryInfo(), {
    available: process.availableMemory(),
    total: process.constrainedMemory(),
  });
}

/**
 * The memory that a process may use.
 *
 * @param system the machine's memory; Windows tells what is free, but not what
 * is available
 * @param limit a container's limits; 0 or a huge number without one
 */
export function combineMemory(
  system: Memory & { free: number },
  limit: Memory,
): Memory {
  const available = system.available || system.free;
  return {
    available: Math.min(available, limit.available || Infinity),
    total: Math.min(system.total, limit.total || Infinity),
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
 * Checks that the relay can listen on a port, by listening for a moment.
 *
 * @param running whether a relay runs on this store
 * @param flag names another port
 */
export function checkPort(
  address: { hostname: string; port: number },
  running: boolean,
  flag = "--port",
): Finding {
  const where = formatAddress(address);
  try {
    Deno.listen(address).close();
  } catch (error) {
    if (!hasCode(error, "EADDRINUSE")) {
      return bad(
        `can't listen on ${where} (${reasonOf(error)})`,
        `take another one with --host and ${flag}`,
      );
    }
    // The system doesn't tell which program uses the port.
    if (running) {
      return ok(`${where} is in use, it seems by the relay that runs`);
    }
    return bad(
      `${where} is in use`,
      `stop the other program, perhaps another relay, or take another port with ${flag}`,
    );
  }
  return ok(address.port === 0 ? "any free one" : `${where} is free`);
}
