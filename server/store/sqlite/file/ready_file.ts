/**
 * Makes a SQLite file ready for a relay.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  checkWhole,
  closeToOthers,
  hasLog,
  lookInto,
  requireWritable,
} from "./database_file.ts";
import {
  freePath,
  openPrivateSync,
} from "../../../../shared/folder/durable_files.ts";
import { type ForeignRows, readForeignDatabase } from "./foreign.ts";
import { copyDatabase } from "./database_copy.ts";
import {
  configure,
  prepareSchema,
  SCHEMA_VERSION,
  schemaVersion,
  useLog,
} from "../schema.ts";
import { StoreError } from "../../store.ts";

/** What is done with a file that isn't there yet. */
export interface TakeOver {
  /** Another server's database, whose users and messages go into the new file. */
  from: string;
  /** Is told what was taken over. */
  notice: (text: string) => void;
}

/** What goes into a file, and who hears of what is done to it. */
export interface ReadyOptions {
  /** What goes into a new file. Default: nothing. */
  takeOver?: TakeOver | undefined;
  /** Receives a sentence about the copy that is kept of an older file. Default: nothing does. */
  notice?: (text: string) => void;
}

/**
 * Opens a file with the tables of today: makes them in an empty one, and brings
 * older ones up to date.
 *
 * @throws {StoreError} where it can't be used; it is left as it was then
 */
export async function openReadyFile(
  path: string,
  { takeOver, notice = () => {} }: ReadyOptions,
): Promise<Database> {
  requireWritable(path);
  // A refused file and its log must stay unchanged: the last connection to
  // close copies the log into the file, unless it was opened for reading only.
  const looked = hasLog(path);
  if (looked) lookInto(path, checkUsable);
  // SQLite gives its log and its index the mode of the file.
  openPrivateSync(path).close();
  const database = new Database(path, { int64: true });
  try {
    configure(database);
    if (!looked) checkUsable(database);
    let rows: ForeignRows | undefined;
    await bringUpToDate(database, path, notice);
    prepareSchema(database, () => rows = takeOver && readRows(takeOver.from));
    useLog(database);
    // Opens its log, before descriptors may run out.
    database.prepare("SELECT 1 FROM accounts LIMIT 1").all();
    closeToOthers(path, notice);
    if (rows !== undefined) takeOver?.notice(describe(rows, takeOver.from));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Does so where there is something to do, and keeps the file as it was. */
async function bringUpToDate(
  database: Database,
  path: string,
  notice: (text: string) => void,
): Promise<void> {
  const backup = await backUpOlder(database, path);
  if (backup === undefined) return;
  try {
    prepareSchema(database, () => undefined);
  } catch (error) {
    // The file is still what it was, and each start would leave one more.
    Deno.removeSync(backup);
    throw error;
  }
  notice(
    `brought the tables of ${path} up to date; as they were they are kept in ${backup}`,
  );
}

/** @throws {StoreError} where it is damaged, or no relay's that we know */
export function checkUsable(database: Database): void {
  schemaVersion(database);
  checkWhole(database);
}

function readRows(from: string): ForeignRows {
  try {
    return readForeignDatabase(from);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new StoreError(
      `${from} can't be taken over: ${reason}. Move it away to start anew`,
      { cause },
    );
  }
}

function describe(rows: ForeignRows, from: string): string {
  const left = rows.unusable > 0
    ? `; ${rows.unusable} row(s) couldn't be used`
    : "";
  return `took over ${rows.clients.length} user(s) and ${rows.messages.length} message(s) from ${from}, which stays as it is${left}`;
}

/**
 * Copies a database of an older version to a file beside it:
 * `db.defensive-backup-v3`, or with a number behind where that is taken.
 *
 * @returns the copy's path, or undefined where the tables are of today
 * @throws {StoreError} where there can be no copy; nothing of it is left then
 */
async function backUpOlder(
  database: Database,
  path: string,
): Promise<string | undefined> {
  const version = schemaVersion(database);
  if (version === 0 || version === SCHEMA_VERSION) return undefined;
  const backup = freePath(`${path}-backup-v${version}`);
  try {
    await copyDatabase(database, backup);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new StoreError(
      `its tables are an older relay's, and no copy of it can be kept before they are brought up to date: ${reason}`,
      { cause },
    );
  }
  return backup;
}
