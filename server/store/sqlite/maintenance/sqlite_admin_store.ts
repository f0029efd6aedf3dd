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
  firstValue,
  prepareSchema,
  SCHEMA_VERSION,
  schemaVersion,
} from "../schema.ts";
import { statIfThere } from "../../../../shared/folder/durable_files.ts";
import { findUser, readStats, readUsers } from "./sqlite_reports.ts";
import { StoreError } from "../../store.ts";
import type { StoreRow } from "../../store_rows.ts";
import {
  type AdminStore,
  type RaisedIds,
  type RestartedIds,
  type StoreCounts,
  type StoreStats,
  StoreWork,
  type UserInfo,
} from "../../admin_store.ts";
import type { StoreAddress } from "../../store_kind.ts";
import { withReserve } from "../reserve.ts";
import { isStoreLocked } from "../file/store_lock.ts";
import { deleteUser, purgeMessages } from "./deletion.ts";
import { raiseIds, restartIds } from "./inbox_ids.ts";
import { findFaults } from "./sqlite_check.ts";
import { readRows, writeRows } from "./sqlite_rows.ts";

/** Opens the database at an address: see `StoreAdmin.open`. */
export async function openSqliteAdmin(
  { rest }: StoreAddress,
): Promise<AdminStore> {
  const path = await databasePath(rest);
  return await withReserve(path, () => openSqliteAdminStore(path));
}

/**
 * Opens a relay's database.
 *
 * @throws {StoreError} where it isn't there, or isn't one of this version
 */
export function openSqliteAdminStore(path: string): SqliteAdminStore {
  return open(path, () => {
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
  });
}

/**
 * Makes an empty store in a file that is empty, or not there.
 *
 * @throws {StoreError} where it can't
 */
export function makeSqliteAdminStore(path: string): SqliteAdminStore {
  return open(path, () => {
    const database = new Database(path, { int64: true });
    prepareSchema(database, () => undefined);
    return database;
  });
}

function open(path: string, openDatabase: () => Database): SqliteAdminStore {
  try {
    const database = openDatabase();
    try {
      configure(database);
      if (isStoreLocked(path)) {
        // The relay that runs sees to its log.
        database.exec("PRAGMA wal_autocheckpoint = 0");
      }
      return new SqliteAdminStore(database, path);
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

/** A store in a SQLite file. */
export class SqliteAdminStore implements AdminStore {
  readonly #database: Database;
  readonly #path: string;
  readonly #work: StoreWork;

  /** @param database has its tables */
  constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
    this.#work = new StoreWork(path, storeError);
  }

  stats(now: Date): Promise<StoreStats> {
    return this.#work.run(() => readStats(this.#database, this.#path, now));
  }

  users(): AsyncIterable<UserInfo> {
    return this.#work.each(readUsers(this.#database));
  }

  user(name: string): Promise<UserInfo | undefined> {
    return this.#work.run(() => findUser(this.#database, name)?.info);
  }

  deleteUser(name: string): Promise<number | undefined> {
    return this.#work.run(() => {
      const found = findUser(this.#database, name);
      return found === undefined
        ? undefined
        : deleteUser(this.#database, found.id);
    });
  }

  countArrivedBefore(before: Date): Promise<number> {
    return this.#work.run(() =>
      Number(firstValue(
        this.#database,
        `SELECT count(*) FROM messages WHERE Arrived < ${before.getTime()}`,
      ))
    );
  }

  purge(before: Date): Promise<number> {
    return this.#work.run(() =>
      purgeMessages(this.#database, before.getTime())
    );
  }

  raiseIds(): Promise<RaisedIds> {
    return this.#work.run(() => raiseIds(this.#database));
  }

  restartIds(): Promise<RestartedIds> {
    return this.#work.run(() => restartIds(this.#database));
  }

  check(): Promise<string[]> {
    return this.#work.run(() => findFaults(this.#database));
  }

  backup(path: string): Promise<StoreCounts> {
    return this.#work.run(async () => {
      await copyDatabase(this.#database, path);
      return lookInto(path, countContent);
    });
  }

  /** Everything, as of one moment: all users, then all messages as they arrived. */
  rows(): AsyncIterable<StoreRow> {
    return this.#work.each(readRows(this.#database));
  }

  fill(rows: AsyncIterable<StoreRow>): Promise<StoreCounts> {
    return this.#work.run(() => writeRows(this.#database, rows));
  }

  close(): Promise<void> {
    return this.#work.run(() => this.#database.close());
  }
}
