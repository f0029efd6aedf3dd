/**
 * The SQLite file in the client's folder, which several clients may use at once.
 *
 * @module
 */

import { type BindValue, Database, type Statement } from "@db/sqlite";
import {
  giveToOwner,
  openPrivateSync,
  restrictSync,
} from "../../shared/folder/durable_files.ts";
import { isDiskFull, reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, ignoreUserError, UserError } from "../errors.ts";
import { FolderLock, isThere } from "./folder.ts";
import {
  cannotWrite,
  openToRead,
  type ReadableStore,
} from "./readable_store.ts";
import { missingIn, prepareSchema } from "./schema.ts";

/** The store's folder within the client's folder, with mode 0700. */
export const STORE_FOLDER = "info.store";
/** The file in it, with mode 0600. */
export const DATABASE = "messages.db";
/** Milliseconds to wait for another client's transaction. */
const BUSY_TIMEOUT = 20_000;

/** A parameter of a statement; undefined is NULL. */
export type Value = BindValue | undefined;

/** An open database whose failures are {@linkcode FolderError}s. */
export class StoreDatabase {
  /** The folder of the file. */
  readonly folder: string;
  readonly #path: string;
  #database: Database;
  /** The store opened for reading; undefined where it can be written. */
  #readable: ReadableStore | undefined;
  #unwritable: string | undefined;
  readonly #kept = new Map<string, Statement>();
  #ownWrites = 0;

  /**
   * Opens or creates the store in a client's folder. An existing store that can't
   * be written, as on a full disk, is opened for reading.
   *
   * @throws {FolderError} where it can't be used
   */
  constructor(dir: string) {
    this.folder = `${dir}/${STORE_FOLDER}`;
    this.#path = `${this.folder}/${DATABASE}`;
    try {
      this.#database = this.#open();
    } catch (error) {
      this.#readable = cannotWrite(error) ? openToRead(this.#path) : undefined;
      if (this.#readable === undefined) throw error;
      this.#database = this.#readable.database;
      this.#unwritable = reasonOf(error);
    }
  }

  /** Why the store is read-only; undefined where it can be written. */
  get unwritable(): string | undefined {
    return this.#unwritable;
  }

  #open(): Database {
    return this.#explained(() => {
      makePrivate(this.folder, this.#path);
      // Switching to a write-ahead log fails where several clients do it at once.
      using _ = this.#openingLock();
      const database = new Database(this.#path, { int64: true });
      try {
        database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
        // Acknowledged data must survive a power failure.
        database.exec("PRAGMA synchronous = FULL");
        database.exec("PRAGMA fullfsync = ON");
        database.exec("PRAGMA foreign_keys = ON");
        database.exec("PRAGMA temp_store = MEMORY");
        // What the user deletes is overwritten in the file.
        database.exec("PRAGMA secure_delete = ON");
        database.exec("PRAGMA journal_mode = WAL");
        prepareSchema(database);
        return database;
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** Reopens a read-only store. @throws {FolderError} where it still can't be written */
  #requireWritable(): void {
    const readable = this.#readable;
    if (readable === undefined) return;
    // It may hold a lock that the new connection needs.
    this.#kept.clear();
    readable.close();
    try {
      this.#database = this.#open();
      this.#readable = undefined;
      this.#unwritable = undefined;
    } catch (error) {
      // Keeps the old one where the store can't even be read for now.
      this.#readable = openToRead(this.#path) ?? readable;
      this.#database = this.#readable.database;
      throw error;
    }
  }

  /** Reopens a store that locks out other clients because the disk was full. */
  lookForRoom(): void {
    if (this.#readable?.isAlone !== true) return;
    try {
      this.#requireWritable();
    } catch (error) {
      ignoreUserError(error);
    }
  }

  /** Changes with each write by this or another client. */
  get version(): number {
    const row = this.one<{ data_version: number }>("PRAGMA data_version");
    return row.data_version + this.#ownWrites;
  }

  /**
   * The first row of a query, or undefined. In all rows NULL is undefined, and
   * integers are numbers.
   */
  row<T extends object>(sql: string, ...params: Value[]): T | undefined {
    return this.#explained(() => {
      const row = this.#statement(sql).get<T>(...bound(params));
      return row && plain(row);
    });
  }

  /**
   * The row of a query that finds one.
   *
   * @throws {FolderError} where it finds none
   */
  one<T extends object>(sql: string, ...params: Value[]): T {
    return this.#explained(() => {
      const row = this.row<T>(sql, ...params);
      if (row === undefined) throw new Error("Expected a row, got none");
      return row;
    });
  }

  /** All rows of a query. */
  rows<T extends object>(sql: string, ...params: Value[]): T[] {
    return this.#explained(() =>
      this.#statement(sql).all<T>(...bound(params)).map(plain)
    );
  }

  /** Executes a statement and syncs it to the disk; returns the number of changed rows. */
  run(sql: string, ...params: Value[]): number {
    return this.write(() => this.#statement(sql).run(...bound(params)));
  }

  /** Runs `work` in one transaction, synced to the disk; rolls back where it throws. */
  write<T>(work: () => T): T {
    return this.#explained(() => {
      if (this.#database.inTransaction) return work();
      this.#requireWritable();
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        this.#ownWrites++;
        return result;
      } catch (error) {
        if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** Runs `work` in one transaction that survives a crash of the program, but possibly not a power failure. */
  writeSoon<T>(work: () => T): T {
    if (this.#database.inTransaction) return work();
    this.#requireWritable();
    this.#explained(() => this.#database.exec("PRAGMA synchronous = NORMAL"));
    try {
      return this.write(work);
    } finally {
      this.#explained(() => this.#database.exec("PRAGMA synchronous = FULL"));
    }
  }

  /** Empties the log, which holds deleted rows until then, unless another client is reading. */
  emptyLog(): void {
    this.#explained(() => {
      this.#database.exec("PRAGMA busy_timeout = 0");
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    });
  }

  /** The problems of the file; empty where it is intact. */
  check(): string[] {
    const missing = missingIn(this).map((name) => `${name} is missing`);
    if (missing.length > 0) return missing;
    const damages = this.rows<{ integrity_check: string }>(
      "PRAGMA integrity_check(10)",
    ).map((row) => row.integrity_check).filter((line) => line !== "ok");
    const dangling = this.rows<{ table: string; parent: string }>(
      "PRAGMA foreign_key_check",
    ).map(({ table, parent }) =>
      `${table} refers to missing rows of ${parent}`
    );
    return [...damages, ...dangling];
  }

  /** Runs `work` on one state of the store, without blocking other clients. */
  snapshot<T>(work: () => T): T {
    this.#explained(() => this.#database.exec("BEGIN"));
    try {
      return work();
    } finally {
      // An error may have ended the transaction.
      if (this.#database.inTransaction) {
        this.#explained(() => this.#database.exec("COMMIT"));
      }
    }
  }

  /** Closes the file; repeated calls do nothing. */
  close(): void {
    if (this.#readable !== undefined) return this.#readable.close();
    // The last client to close the file removes its log; no other may open it meanwhile.
    let lock: FolderLock | undefined;
    try {
      lock = this.#openingLock();
    } catch (error) {
      // The database is closed even without the lock.
      if (!(error instanceof FolderError)) throw error;
    }
    try {
      this.#explained(() => this.#database.close());
    } finally {
      lock?.[Symbol.dispose]();
    }
  }

  #openingLock(): FolderLock {
    const path = `${this.folder}/open.lock`;
    const lock = FolderLock.takeNow(path, BUSY_TIMEOUT);
    if (lock !== undefined) return lock;
    throw new FolderError(
      `Another client holds ${path} and makes no progress`,
      "Is one stopped or stuck? End it, and try again",
    );
  }

  #statement(sql: string): Statement {
    let statement = this.#kept.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#kept.set(sql, statement);
    }
    return statement;
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      throw new FolderError(
        `${this.#path} can't be used: ${reasonOf(cause)}`,
        isDiskFull(cause)
          ? "Your keys and messages are in it: make room on its disk"
          : "Your keys and messages are in it: see that its folder can be written, or put back a copy of it",
        { cause },
      );
    }
  }
}

/** Turns SQL's nulls into undefined, and bigints into numbers. */
function plain<T extends object>(row: T): T {
  const columns = row as Record<string, unknown>;
  for (const name in columns) {
    const value = columns[name];
    if (value === null) columns[name] = undefined;
    else if (typeof value === "bigint") columns[name] = Number(value);
  }
  return row;
}

function bound(params: readonly Value[]): BindValue[] {
  return params.map((value) => value ?? null);
}

/** Makes the folder and the file readable for their owner only. */
function makePrivate(folder: string, path: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  giveToOwner(folder);
  // Opening and closing an existing file would release SQLite's locks on it.
  if (!isThere(path)) openPrivateSync(path).close();
  restrictSync(folder, 0o700);
  restrictSync(path, 0o600);
}
