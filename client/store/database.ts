/**
 * The SQLite file in the client's folder, as several clients use it at once.
 *
 * @module
 */

import { type BindValue, Database, type Statement } from "@db/sqlite";
import {
  giveToOwner,
  openPrivateSync,
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

/** The folder within the client's, with mode 0700. */
export const STORE_FOLDER = "info.store";
/** The file in it, with mode 0600. */
export const DATABASE = "messages.db";
/** Milliseconds to wait for another client's transaction. */
const BUSY_TIMEOUT = 20_000;

/** An open database whose failures are {@linkcode FolderError}s. */
export class StoreDatabase {
  /** The folder that it lies in. */
  readonly folder: string;
  readonly #path: string;
  #database: Database;
  /** What a folder that can't be written is read from; undefined where it can. */
  #readable: ReadableStore | undefined;
  #unwritable: string | undefined;
  readonly #kept = new Map<string, Statement>();
  #ownWrites = 0;

  /**
   * Opens the store of a client's folder, or makes it. One that is there and
   * can't be written, as on a full disk, is opened to be read.
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

  /** Why it can only be read; undefined where it can be written. */
  get unwritable(): string | undefined {
    return this.#unwritable;
  }

  #open(): Database {
    return this.#explained(() => {
      makePrivate(this.folder, this.#path);
      // Where several open it at once, switching to a log fails at once.
      using _ = this.#openingLock();
      const database = new Database(this.#path, { int64: true });
      try {
        database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
        // What is told to be kept must outlive a power failure.
        database.exec("PRAGMA synchronous = FULL");
        database.exec("PRAGMA fullfsync = ON");
        database.exec("PRAGMA foreign_keys = ON");
        database.exec("PRAGMA temp_store = MEMORY");
        database.exec("PRAGMA journal_mode = WAL");
        prepareSchema(database);
        return database;
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** There may be room by now. @throws {FolderError} where it still can't be written */
  #requireWritable(): void {
    const readable = this.#readable;
    if (readable === undefined) return;
    // It may hold a lock that the other one needs.
    this.#kept.clear();
    readable.close();
    try {
      this.#database = this.#open();
      this.#readable = undefined;
      this.#unwritable = undefined;
    } catch (error) {
      // One that can't be read for a moment may be written again later.
      this.#readable = openToRead(this.#path) ?? readable;
      this.#database = this.#readable.database;
      throw error;
    }
  }

  /** Where others are locked out because there was no room, looks whether there is by now. */
  lookForRoom(): void {
    if (this.#readable?.isAlone !== true) return;
    try {
      this.#requireWritable();
    } catch (error) {
      ignoreUserError(error);
    }
  }

  /** Another number whenever this or another client has changed something. */
  get version(): number {
    const row = this.row<{ data_version: number }>("PRAGMA data_version");
    return (row?.data_version ?? 0) + this.#ownWrites;
  }

  /** The first row, or undefined. */
  row<T extends object>(sql: string, ...params: BindValue[]): T | undefined {
    return this.#explained(() => this.#statement(sql).get<T>(...params));
  }

  /** All rows. */
  rows<T extends object>(sql: string, ...params: BindValue[]): T[] {
    return this.#explained(() => this.#statement(sql).all<T>(...params));
  }

  /** Changes rows, down to the disk; how many. */
  run(sql: string, ...params: BindValue[]): number {
    return this.write(() => this.#statement(sql).run(...params));
  }

  /** Does all of the work in one transaction, down to the disk, or nothing of it. */
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

  /** The same for what a crash of the program must not undo, though a power failure may. */
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

  /** What is wrong with the file; nothing where it is whole. */
  check(): string[] {
    const missing = missingIn(this).map((name) => `${name} is missing`);
    if (missing.length > 0) return missing;
    const damages = this.rows<{ integrity_check: string }>(
      "PRAGMA integrity_check(10)",
    ).map((row) => row.integrity_check).filter((line) => line !== "ok");
    const dangling = this.rows<{ table: string; parent: string }>(
      "PRAGMA foreign_key_check",
    ).map(({ table, parent }) => `${table} names what isn't in ${parent}`);
    return [...damages, ...dangling];
  }

  /** Does all of the reading in one state of the store; nobody waits for that. */
  snapshot<T>(work: () => T): T {
    this.#explained(() => this.#database.exec("BEGIN"));
    try {
      return work();
    } finally {
      // A failure of the reading may have ended it.
      if (this.#database.inTransaction) {
        this.#explained(() => this.#database.exec("COMMIT"));
      }
    }
  }

  /** Closes the file; doing so again does nothing. */
  close(): void {
    if (this.#readable !== undefined) return this.#readable.close();
    // Whoever closes it last removes its log, while nobody may open it.
    let lock: FolderLock | undefined;
    try {
      lock = this.#openingLock();
    } catch (error) {
      // It has to be closed all the same.
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
      `Another client holds ${path} and doesn't get on`,
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

/** What is in it is for its owner alone, whatever made the files. */
function makePrivate(folder: string, path: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  giveToOwner(folder);
  // Opening one that is there, and closing it, would undo SQLite's locks on it.
  if (!isThere(path)) openPrivateSync(path).close();
  if (Deno.build.os === "windows") return;
  restrict(folder, 0o700);
  restrict(path, 0o600);
}

function restrict(path: string, mode: number): void {
  if (((Deno.statSync(path).mode ?? mode) & 0o777) === mode) return;
  Deno.chmodSync(path, mode);
}
