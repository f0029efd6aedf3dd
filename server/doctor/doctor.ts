/**
 * Checks what a relay needs before it is started, or beside one that runs.
 *
 * @module
 */

import {
  type Finding,
  type FindingStyle,
  formatFinding,
} from "../../shared/cli/finding.ts";
import type { ServerOptions } from "../options.ts";
import { kindOf } from "../store/store_kinds.ts";
import {
  checkClock,
  checkFiles,
  checkMemory,
  checkPort,
} from "./machine_checks.ts";

/** How the relay's doctor prints findings. */
export const STYLE: FindingStyle = {
  words: { ok: "ok", warning: "warn", error: "bad", unknown: "?" },
  verdictWidth: 5,
  subjectWidth: 8,
};

/**
 * Checks everything for a relay with these options, and leaves its files and
 * its store as they are.
 *
 * @param print is called with the line of each check, as soon as it is done
 * @returns the exit code: 1 where the relay can't be run so, else 0
 */
export async function examine(
  { hostname, port, limits, dir, store }: ServerOptions,
  print: (line: string) => void,
): Promise<number> {
  let hasErrors = false;
  const tell = (subject: string, finding: Finding) => {
    hasErrors ||= finding.verdict === "error";
    print(formatFinding(subject, finding, STYLE));
  };
  const { doctor } = kindOf(store);
  const { running, latestVisit } = await doctor(store, limits, tell);
  tell("clock", checkClock(new Date(), latestVisit));
  tell("files", checkFiles(dir, limits));
  tell("memory", checkMemory(limits));
  tell("port", checkPort({ hostname, port }, running));
  return hasErrors ? 1 : 0;
}
