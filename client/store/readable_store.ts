/**
 * A store in a folder that can't be written: on a full disk, or on one that is
 * there to be read only.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { isDiskFull } from "../../shared/cli/reason.ts";
import { isThere } from "./folder.ts";
import { isReady } from "./schema.ts";

/** Codes of the system, and of SQLite, where something may not be written. */
const UNWRITABLE: readonly unknown[] = ["EROFS", "EACCES", "EPERM"];
const READ_ONLY = 8;
const CANT_OPEN = 14;
/** Milliseconds to wait for another client's transaction. */
const BUSY_TIMEOUT = 5_000;

/** A store that is open to be read. */
export interface ReadableStore {
  database: Database;
  /** Whether no other client can use it meanwhile. */
  isAlone: boolean;
  /** Closes it; doing so again does nothing. */
  close(): void;
}

/** Whether a store couldn't be opened because nothing can be written there. */
export function cannotWrite(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  const primary = typeof errcode === "number" ? errcode & 0xff : undefined;
  return isDiskFull(error) || UNWRITABLE.includes(code) ||
    primary === READ_ONLY || primary === CANT_OPEN || cannotWrite(error.cause);
}

/** Opens a store of today's version that is there; undefined where it can't be read either. */
export function openToRead(path: string): ReadableStore | undefined {
  if (!isThere(path)) return undefined;
  // Beside other clients their log and its index are there to be read.
  return attempt(() => plain(new Database(path, { readonly: true }))) ??
    // On a full disk there is no room for an index, so this one has it alone.
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
    // The failure to write it is what is told.
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

/** Where no index can be made, a copy elsewhere can have one. */
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
      if (Deno.build.os !== "windows") Deno.chmodSync(copy, 0o600);
    }
    const { database, close } = plain(new Database(`${folder}/copy`));
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
