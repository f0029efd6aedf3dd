/**
 * Whether the store is whole, and what is in it.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { dirname } from "node:path";
import {
  formatDuration,
  formatThings,
} from "../../../../shared/cli/figures.ts";
import {
  bad,
  type Finding,
  ok,
  unknown,
  warning,
} from "../../../../shared/cli/finding.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { formatCounts, type StoreCounts } from "../../admin_store.ts";
import { StoreDamagedError, StoreError } from "../../store.ts";
import type { StoreAddress, StoreCondition } from "../../store_kind.ts";
import { DAMAGE_ADVICE, storeError } from "../database_errors.ts";
import { readForeignDatabase } from "../file/foreign.ts";
import {
  countContent,
  databasePath,
  findDamage,
  lookInto,
} from "../file/database_file.ts";
import { statIfThere } from "../../../../shared/folder/durable_files.ts";
import { firstValue, OWN_TIME, prepareSchema } from "../schema.ts";
import { checkAccess, checkDisk, checkRoom } from "./folder_checks.ts";
import type { Limits } from "../../../relay/limits/limits.ts";
import { isStoreLocked } from "../file/store_lock.ts";
import { lookIntoLinked, NoLinkError, readLinked } from "./linked_database.ts";

/** Checks a database and its folder: see `StoreKind.doctor`. */
export async function examineFile(
  { rest, takeOverFrom }: StoreAddress,
  limits: Limits,
  tell: (subject: string, finding: Finding) => void,
): Promise<StoreCondition> {
  const path = await databasePath(rest);
  const folder = dirname(path);
  tell("disk", await checkDisk(folder));
  const open = checkAccess(folder);
  if (open !== undefined) tell("access", open);
  tell("room", checkRoom(folder, limits));
  const store = checkStore(path, takeOverFrom);
  tell("store", store);
  return store;
}

/** What was found, with what other checks need of it. */
export type StoreFinding = Finding & StoreCondition;

/**
 * Looks at a database and leaves its folder as it is.
 *
 * @param takeOverFrom another server's database, for a relay whose own is new
 */
export function checkStore(
  path: string,
  takeOverFrom: string | undefined,
): StoreFinding {
  let running = false;
  try {
    running = isStoreLocked(path);
    const finding = look(path, takeOverFrom, running);
    if (isStoreLocked(path) === running) return { ...finding, running };
    // A relay that started or stopped may have changed what was being read.
    return { ...changing(path), running };
  } catch (error) {
    return { ...refuse(path, error), running };
  }
}

function look(
  path: string,
  takeOverFrom: string | undefined,
  running: boolean,
): Omit<StoreFinding, "running"> {
  const info = statIfThere(path);
  if (info === undefined) {
    return running ? changing(path) : checkTakeOver(takeOverFrom);
  }
  if (!info.isFile) {
    return bad(
      `${path} isn't a file`,
      "move it away, or take another one with --db",
    );
  }
  const file = Deno.realPathSync(path);
  // A relay that serves has a log; to read without one would make it.
  if (running && statIfThere(`${file}-wal`) === undefined) {
    return changing(path);
  }
  if (!running && statIfThere(`${file}-journal`) !== undefined) {
    return unknown(
      `${path} can't be read as it is: a change was cut off, which the relay undoes at its start`,
    );
  }
  try {
    const { latestVisit, ...content } = running
      ? lookInto(path, readStoreContent)
      : lookIntoLinked(path, readStoreContent);
    return { ...describe(content, running), latestVisit };
  } catch (error) {
    return refuse(path, error);
  }
}

function describe(
  { unready, checkTime, ...content }: Omit<StoreContent, "latestVisit">,
  running: boolean,
): Finding {
  const counts = `${formatCounts(content)}, checked whole in ${
    formatDuration(checkTime)
  }`;
  const notes = [
    ...(unready ? ["the relay brings its tables up to date at the start"] : []),
    ...(running ? ["a relay runs on it now"] : []),
  ];
  return ok([counts, ...notes].join("; "));
}

function changing(path: string): Finding {
  return unknown(
    `a relay is just starting or stopping on ${path}`,
    "ask again in a moment",
  );
}

function refuse(path: string, error: unknown): Finding {
  const known = storeError(error);
  if (known instanceof StoreDamagedError) {
    return bad(
      `${path} is damaged (${reasonOf(known.cause ?? known)})`,
      DAMAGE_ADVICE,
    );
  }
  if (error instanceof NoLinkError) {
    return unknown(`${path} wasn't read: ${error.message}`);
  }
  return bad(`${path} can't be used, ${known.message}`);
}

/** What a relay would start with where it has no database yet. */
function checkTakeOver(from: string | undefined): Finding {
  if (from === undefined) return ok("none yet, the relay makes one");
  try {
    const { clients, messages, unusable } = readLinked(
      from,
      readForeignDatabase,
    );
    const counts = `${formatThings(clients.length, "user")} and ${
      formatThings(messages.length, "message")
    }`;
    const what = `none yet, the relay takes over ${counts} from ${from}`;
    if (unusable === 0) return ok(what);
    return warning(
      `${what}, but ${formatThings(unusable, "row")} there can't be used`,
      "keep that file",
    );
  } catch (error) {
    if (error instanceof NoLinkError) return refuse(from, error);
    return bad(
      `${from} can't be taken over (${reasonOf(error)})`,
      "move it away to start anew",
    );
  }
}

/** What was found in a database. */
interface StoreContent extends StoreCounts {
  /** The latest visit of a user, as far as its time can be read. */
  latestVisit?: Date | undefined;
  /** The relay makes the tables, or brings them up to date, at its start. */
  unready: boolean;
  /** Milliseconds that the whole file took to check. */
  checkTime: number;
}

/**
 * Reads through a database that was opened to be read only.
 *
 * @throws {StoreDamagedError} where it is broken; the message says how
 * @throws {StoreError} where it isn't a relay's, or a newer relay's
 */
function readStoreContent(database: Database): StoreContent {
  const unready = !isReady(database);
  const start = performance.now();
  const damage = findDamage(database, "quick_check");
  const checkTime = performance.now() - start;
  if (damage !== undefined) throw new StoreDamagedError(damage);
  if (firstValue(database, "SELECT count(*) FROM sqlite_schema") === 0) {
    return { users: 0, messages: 0, unready, checkTime };
  }
  const latest = firstValue(
    database,
    `SELECT max(LastSeen) FROM clients WHERE ${OWN_TIME}`,
  );
  const visit = new Date(String(latest));
  return {
    ...countContent(database),
    latestVisit: Number.isNaN(visit.getTime()) ? undefined : visit,
    unready,
    checkTime,
  };
}

/** Does what the relay does at its start, on a file that can't be changed. */
function isReady(database: Database): boolean {
  try {
    prepareSchema(database, () => undefined);
    return true;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (storeError(error) instanceof StoreDamagedError) throw error;
    // It had something to write.
    return false;
  }
}
