/**
 * Whether as many files can be open as there may be connections.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import type { Limits } from "../../../relay/limits/limits.ts";
import { formatCount } from "../../../telemetry/figures.ts";
import type { Finding } from "../../../doctor/finding.ts";

/** Files beside the connections: the database's, the runtime's, and some to spare. */
const BASE = 64;
/** Files that are tried at most: about two seconds. */
const MOST_TRIED = 100_000;

/**
 * Tries it on a folder, which is opened again and again: the system's own
 * figures are kept from programs that have no more than our permissions.
 */
export function checkFiles(
  folder: string,
  { maxConnections }: Pick<Limits, "maxConnections">,
): Finding {
  const wanted = maxConnections > 0 ? maxConnections + BASE : MOST_TRIED;
  try {
    const open = countOpenable(folder, Math.min(wanted, MOST_TRIED));
    return judgeFiles(open, maxConnections);
  } catch (error) {
    return {
      verdict: "?",
      what: `open files unknown here: ${reasonOf(error)}`,
    };
  }
}

/** What it means that so many files could be opened. */
export function judgeFiles(open: number, maxConnections: number): Finding {
  const room = Math.max(0, open - BASE);
  const what = `${formatCount(open)} can be open at once`;
  const raise = "raise the system's limit (ulimit -n, LimitNOFILE)";
  if (room < BASE) {
    return {
      verdict: "bad",
      what: `${what}, too few for a relay`,
      advice: raise,
    };
  }
  if (maxConnections === 0) {
    return {
      verdict: "warn",
      what:
        `${what}, and --max-connections 0 keeps nobody from taking them all`,
      advice: `set --max-connections to ${room} or less`,
    };
  }
  if (open >= maxConnections + BASE) return { verdict: "ok", what };
  const asked = `the ${
    formatCount(maxConnections + BASE)
  } that --max-connections ${maxConnections} needs`;
  if (open >= MOST_TRIED) {
    return { verdict: "?", what: `${what}, ${asked} weren't tried` };
  }
  return {
    verdict: "warn",
    what: `${what}, not ${asked}`,
    advice: `${raise}, or set --max-connections to ${room} or less`,
  };
}

/**
 * How many files can be opened now, up to a number.
 *
 * @throws {Error} where even one can't be
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
