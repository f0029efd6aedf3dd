/**
 * Checks what a relay needs before it is started, or beside one that runs.
 *
 * @module
 */

import { dirname } from "node:path";
import type { ServerOptions } from "../options.ts";
import {
  type Finding,
  type FindingStyle,
  formatFinding,
} from "../../shared/cli/finding.ts";
import {
  checkAccess,
  checkDisk,
  checkRoom,
} from "../store/sqlite/doctor/folder_checks.ts";
import {
  checkStore,
  type StoreFinding,
} from "../store/sqlite/doctor/store_check.ts";
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
 * Checks everything for a relay with these options, and leaves all files, or its
 * database, as they are.
 *
 * @param print is given a line of each check, as soon as it is done
 * @returns the exit code: 1 where the relay shouldn't be run so, else 0
 */
export async function examine(
  options: ServerOptions,
  print: (line: string) => void,
): Promise<number> {
  const { hostname, port, limits, storeUrl } = options;
  const folder = dirname(options.database);
  let hasErrors = false;
  const tell = (subject: string, finding: Finding) => {
    hasErrors ||= finding.verdict === "error";
    print(formatFinding(subject, finding, STYLE));
  };
  const { running, latestVisit } = storeUrl === undefined
    ? await examineFile(options, tell)
    : await examineDatabase(storeUrl, tell);
  tell("clock", checkClock(new Date(), latestVisit));
  tell("files", checkFiles(folder, limits));
  tell("memory", checkMemory(limits));
  tell("port", checkPort({ hostname, port }, running));
  return hasErrors ? 1 : 0;
}

/** What the checks of a store leave to others. */
type Left = Pick<StoreFinding, "running" | "latestVisit">;

type Tell = (subject: string, finding: Finding) => void;

async function examineFile(
  { database, takeOverFrom, limits }: ServerOptions,
  tell: Tell,
): Promise<Left> {
  const folder = dirname(database);
  tell("disk", await checkDisk(folder));
  const open = checkAccess(folder);
  if (open !== undefined) tell("access", open);
  tell("room", checkRoom(folder, limits));
  const store = checkStore(database, takeOverFrom);
  tell("store", store);
  return store;
}

async function examineDatabase(url: string, tell: Tell): Promise<Left> {
  // Loaded only where it is used: a relay with a file needs nothing of it.
  const { checkDatabase } = await import(
    "../store/postgres/doctor/database_check.ts"
  );
  const { findings, latestVisit } = await checkDatabase(url);
  for (const [subject, finding] of findings) tell(subject, finding);
  // Many relays may run on it: that says nothing of who has this port.
  return { running: false, latestVisit };
}
