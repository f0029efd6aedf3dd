/**
 * Checks what a relay needs before it is started, or beside one that runs.
 *
 * @module
 */

import { dirname } from "node:path";
import type { ServerOptions } from "../options.ts";
import { checkAccess } from "./access_check.ts";
import { checkClock } from "./clock_check.ts";
import { checkDisk } from "../store/sqlite/doctor/disk_check.ts";
import { checkFiles } from "../store/sqlite/doctor/files_check.ts";
import { type Finding, formatFinding, type Verdict } from "./finding.ts";
import { checkMemory } from "./memory_check.ts";
import { checkPort } from "./port_check.ts";
import { checkRoom } from "../store/sqlite/doctor/room_check.ts";
import {
  checkStore,
  type StoreFinding,
} from "../store/sqlite/doctor/store_check.ts";

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
  const verdicts: Verdict[] = [];
  const tell = (subject: string, finding: Finding) => {
    verdicts.push(finding.verdict);
    print(formatFinding(subject, finding));
  };
  const { running, latestVisit } = storeUrl === undefined
    ? await examineFile(options, tell)
    : await examineDatabase(storeUrl, tell);
  tell("clock", checkClock(new Date(), latestVisit));
  tell("files", checkFiles(folder, limits));
  tell("memory", checkMemory(limits));
  tell("port", checkPort({ hostname, port }, running));
  return verdicts.includes("bad") ? 1 : 0;
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
