/**
 * Checks the requirements of a relay before its start, or while it runs.
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
import { checkKey, checkSecurePort } from "./secure_checks.ts";

/** Format of the relay's findings. */
export const STYLE: FindingStyle = {
  words: { ok: "ok", warning: "warn", error: "bad", unknown: "?" },
  verdictWidth: 5,
  subjectWidth: 8,
};

/**
 * Runs all checks for a relay with these options, without changing its files or
 * its store.
 *
 * @param print receives the line of each check as soon as it is done
 * @returns the exit code: 1 if the relay can't run with these options, else 0
 */
export async function examine(
  options: ServerOptions,
  print: (line: string) => void,
): Promise<number> {
  const { hostname, port, limits, dir, store } = options;
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
  tell("secure", checkSecurePort(options, running));
  tell("key", await checkKey(options));
  return hasErrors ? 1 : 0;
}
