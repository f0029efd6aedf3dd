/**
 * The admin program's end of a store in a SQLite file.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { copyDatabase } from "../file/database_copy.ts";
import { storeError } from "../database_errors.ts";
import {
  countContent,
  databasePath,
  hasLog,
  lookInto,
  openDatabase,
  requireWritable,
} from "../file/database_file.ts";
import {
  configure,
  prepareSchema,
  SCHEMA_VERSION,
  schemaVersion,
} from "../schema.ts";
import { statIfThere } from "../../../../shared/folder/durable_files.ts";
import { reports } from "./sqlite_reports.ts";
import { StoreError } from "../../store.ts";
import type { StoreRow } from "../../store_rows.ts";
import { administer, type AdminStore } from "../../admin_store.ts";
import type { StoreAddress } from "../../store_kind.ts";
import { withReserve } from "../reserve.ts";
import { MessageDeleter } from "../writer/message_deleter.ts";
import { MailDeleter } from "../writer/secure/mail_deleter.ts";
import { isStoreLocked } from "../file/store_lock.ts";
import { deleteUser, purgeSome } from "./deletion.ts";
import { raiseIds, restartIds } from "./inbox_ids.ts";
import { findFaults } from "./sqlite_check.ts";
import { readRows, writeRows } from "./sqlite_rows.ts";

/**
 * Opens a relay's database: see `StoreAdmin.open`.
 *
 * @throws {StoreError} where it isn't there, or isn't one of this version
 */
export async function openSqliteAdmin(
  { rest }: StoreAddress,
): Promise<AdminStore> {
  const path = await databasePath(rest);
  const open = () => {
    hasLog(path);
    if (statIfThere(path) === undefined) {
      throw new StoreError(
        "it isn't there: name it with --db, or its folder with --dir",
      );
    }
    requireWritable(path);
    // Opened to be read only: a file that is refused must stay as it is.
    requireVersion(lookInto(path, schemaVersion));
    return new Database(path, { int64: true, create: false });
  };
  return await withReserve(path, () => administerOpened(path, open));
}

/**
 * Makes an empty store in a file that is empty, or not there.
 *
 * @throws {StoreError} where it can't
 */
export function makeSqliteAdminStore(path: string): AdminStore {
  return administerOpened(path, () => {
    const database = new Database(path, { int64: true });
    prepareSchema(database, () => undefined);
    return database;
  });
}

function administerOpened(path: string, open: () => Database): AdminStore {
  try {
    const database = open();
    try {
      configure(database);
      if (isStoreLocked(path)) {
        // The relay that runs sees to its log.
        database.exec("PRAGMA wal_autocheckpoint = 0");
      }
      return adminStore(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (cause) {
    throw new StoreError(
      `Can't use the database ${path}: ${storeError(cause).message}`,
      { cause },
    );
  }
}

/**
 * Reads all of a file that no program writes, and leaves it as it is.
 *
 * @throws {StoreError} where it isn't of this version, or is damaged
 */
export async function* readSqliteRows(
  path: string,
): AsyncGenerator<StoreRow> {
  try {
    using opened = openDatabase(path, { readonly: true });
    requireVersion(schemaVersion(opened.database));
    yield* readRows(opened.database);
  } catch (cause) {
    throw new StoreError(
      `Can't restore ${path}: ${storeError(cause).message}`,
      { cause },
    );
  }
}

/** @throws {StoreError} where a file is empty, or of an older version */
export function requireVersion(version: number): void {
  if (version === SCHEMA_VERSION) return;
  throw new StoreError(
    version === 0
      ? "nothing is in it yet: start the relay on it first"
      : `it has schema version ${version}, this program knows ${SCHEMA_VERSION}: start the relay on it once, which brings it up to date and keeps a copy`,
  );
}

function adminStore(database: Database, path: string): AdminStore {
  const deleters = {
    messages: new MessageDeleter(database),
    mail: new MailDeleter(database),
  };
  return administer(path, storeError, {
    ...reports(database, path),
    deleteUser: (id) => deleteUser(database, id),
    purgeSome: (before) => purgeSome(database, deleters, before),
    raiseIds: () => raiseIds(database),
    restartIds: () => restartIds(database),
    check: () => findFaults(database),
    async backup(path) {
      await copyDatabase(database, path);
      return lookInto(path, countContent);
    },
    fill: (rows) => writeRows(database, rows),
    close: () => database.close(),
  });
}
