/**
 * Checks what a relay needs before it is started, or beside one that runs.
 *
 * @module
 */

import { dirname } from "node:path";
import type { ServerOptions } from "../options.ts";
import { checkClock } from "./clock_check.ts";
import { checkDisk } from "./disk_check.ts";
import { checkFiles } from "./files_check.ts";
import { type Finding, formatFinding, type Verdict } from "./finding.ts";
import { checkMemory } from "./memory_check.ts";
import { checkPort } from "./port_check.ts";
import { checkRoom } from "./room_check.ts";
import { checkStore } from "./store_check.ts";

/**
 * Checks everything for a relay with these options, and leaves all files as
 * they are.
 *
 * @param print is given a line of each check, as soon as it is done
 * @returns the exit code: 1 where the relay shouldn't be run so, else 0
 */
export async function examine(
  { database, takeOverFrom, hostname, port, limits }: ServerOptions,
  print: (line: string) => void,
): Promise<number> {
  const folder = dirname(database);
  const verdicts: Verdict[] = [];
  const tell = (subject: string, finding: Finding) => {
    verdicts.push(finding.verdict);
    print(formatFinding(subject, finding));
  };
  tell("disk", await checkDisk(folder));
  tell("room", checkRoom(folder, limits));
  const store = checkStore(database, takeOverFrom);
  tell("store", store);
  tell("clock", checkClock(new Date(), store.latestVisit));
  tell("files", checkFiles(folder, limits));
  tell("memory", checkMemory(limits));
  tell("port", checkPort({ hostname, port }, store.running));
  return verdicts.includes("bad") ? 1 : 0;
}
