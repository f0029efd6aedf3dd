/**
 * A store that can't be written: on a full or read-only disk.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { isDiskFull } from "../../shared/cli/reason.ts";
import { restrictSync } from "../../shared/folder/durable_files.ts";
import { hasCode } from "../../shared/platform/system_error.ts";
import { isThere } from "./folder.ts";
import { isReady, prepareSchema } from "./schema.ts";

/** SQLite's codes for what can't be written. */
const READ_ONLY = 8;
const CANT_OPEN = 14;
/** Milliseconds to wait for another client's transaction. */
const BUSY_TIMEOUT = 5_000;

/** A store that is open for reading. */
export interface ReadableStore {
  database: Database;
  /** Whether other clients are locked out. */
  isAlone: boolean;
  /** Closes it; repeated calls do nothing. */
  close(): void;
}

/** Whether an error says that the store can't be written. */
export function cannotWrite(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { errcode } = error as { errcode?: unknown };
  const primary = typeof errcode === "number" ? errcode & 0xff : undefined;
  return isDiskFull(error) || hasCode(error, "EROFS", "EACCES", "EPERM") ||
    primary === READ_ONLY || primary === CANT_OPEN || cannotWrite(error.cause);
}

/** Opens an existing store for reading; undefined where that fails. */
export function openToRead(path: string): ReadableStore | undefined {
  if (!isThere(path)) return undefined;
  // While other clients use it, their log and its index can be read.
  return attempt(() => plain(new Database(path, { readonly: true }))) ??
    // A full disk has no room for an index; exclusive access needs none.
    attempt(() => {
      const database = new Database(path, { create: false });
      const alone = plain(database, "PRAGMA locking_mode = EXCLUSIVE");
      return { ...alone, isAlone: true };
    }) ??
    attempt(() => copied(path));
}

function attempt(open: () => ReadableStore): ReadableStore | undefined {
  try {
    return open();
  } catch {
    // The error of opening it for writing is reported.
    return undefined;
  }
}

function plain(database: Database, setting = ""): ReadableStore {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}; ${setting}`);
    database.exec("PRAGMA query_only = ON");
    if (!isReady(database)) throw new Error("It is of another version");
    return { database, isAlone: false, close: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens a copy in the temporary folder, where an index can be created, and an older
 * store brought up to date.
 */
function copied(path: string): ReadableStore {
  const folder = Deno.makeTempDirSync({ prefix: "messageu-" });
  const remove = () => {
    if (isThere(folder)) Deno.removeSync(folder, { recursive: true });
  };
  try {
    for (const suffix of ["", "-wal"]) {
      if (!isThere(path + suffix)) continue;
      const copy = `${folder}/copy${suffix}`;
      Deno.copyFileSync(path + suffix, copy);
      restrictSync(copy, 0o600);
    }
    const { database, close } = plain(upToDate(`${folder}/copy`));
    return {
      database,
      isAlone: false,
      close: () => {
        close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function upToDate(path: string): Database {
  const database = new Database(path);
  try {
    prepareSchema(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
