/**
 * Decides when SQLite's log (the `-wal` file) is copied into the database's own file.
 * By itself SQLite does it at the end of a commit, each 1,000 pages, and that
 * commit waits. Here another thread does it, and less often: a page that
 * changes again meanwhile is copied once.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import {
  type CheckpointResult,
  CheckpointState,
  CheckpointWord,
  prepareCheckpoint,
} from "./checkpointer.ts";
import { firstValue } from "./schema.ts";
import { statIfThere } from "../../../shared/folder/durable_files.ts";

/** Bytes of a page. */
const PAGE_SIZE = 4096;

/**
 * The first version of SQLite in which a checkpoint of one connection can't
 * damage the file while another one begins the log anew.
 */
const TWO_MAY = [3, 51, 3];

/** Rules for when checkpoints are made. */
export interface CheckpointRules {
  /** Bytes of log, about, below which a checkpoint isn't worth it. */
  leastLog: number;
  /** Least milliseconds from the beginning of one to the next: under load the log gets longer instead. */
  pause: number;
  /**
   * SQLite begins the log anew only once all of it is copied and nothing more
   * came in, so the writer itself copies what is left: where that is no more
   * than so many bytes, or where the log has got as long as `mostLog`.
   */
  littleLeft: number;
  /** Bytes of log from which it must begin anew. */
  mostLog: number;
}

const MIB = 1024 * 1024;
const defaultRules: CheckpointRules = {
  leastLog: 4 * MIB,
  pause: 500,
  littleLeft: MIB,
  mostLog: 96 * MIB,
};
/** Milliseconds after which a checkpoint that doesn't end is no longer waited for. */
const MOST_WAIT = 10_000;

/** The log, as the writer sees it. */
export class Checkpoints {
  readonly #database: Database;
  readonly #control: Int32Array;
  readonly #checkpoint: () => CheckpointResult;
  readonly #pageCount;
  readonly #rules: CheckpointRules;
  readonly #alone: boolean;
  /** Bytes, about, logged since a checkpoint began. */
  #logged = 0;
  /** Whether a checkpoint was begun whose end wasn't seen yet. */
  #begun = false;
  /** When the last one began, on the clock of `performance.now()`. */
  #last = 0;
  /** Pages that the database's own file surely has, and will have once the thread is done. */
  #filePages = 0;
  #nextFilePages = 0;

  /**
   * @param database the writer's
   * @param control the thread's control words
   * @param alone whether all of them are made here, and the thread has nothing to do
   */
  constructor(
    database: Database,
    control: SharedArrayBuffer,
    rules: CheckpointRules = defaultRules,
    alone: boolean = isOlder(database, TWO_MAY),
  ) {
    this.#database = database;
    this.#rules = rules;
    this.#alone = alone;
    this.#control = new Int32Array(control);
    this.#checkpoint = prepareCheckpoint(database);
    this.#pageCount = database.prepare<{ page_count: number }>(
      "PRAGMA page_count",
    );
    database.exec("PRAGMA wal_autocheckpoint = 0");
    // The file is cut when a burst has made it longer than it usually gets.
    this.limitLog(2 * rules.mostLog);
    const log = statIfThere(`${database.path}-wal`)?.size ?? 0;
    this.#filePages = this.#pages - Math.ceil(log / PAGE_SIZE);
  }

  /** Bytes by which the database's own file grows at most when the log is copied into it. */
  get growth(): number {
    return PAGE_SIZE * (this.#pages - this.#filePages);
  }

  /** Cuts the log's file to so many bytes whenever it begins anew. */
  limitLog(bytes: number): void {
    this.#database.exec(`PRAGMA journal_size_limit = ${bytes}`);
  }

  /** Keeps the log from growing for ever; called between two commits. */
  committed(writes: number, bytes: number): void {
    // Each write changes about a page of an index besides.
    this.#logged += writes * PAGE_SIZE + bytes;
    if (this.#begun) this.#look();
    else if (this.#logged >= this.#rules.leastLog) this.#begin();
  }

  /**
   * Copies all there is, behind what the thread is copying.
   *
   * @returns whether nothing is left: a reader, or a full disk, may stand in the way
   */
  finish(): boolean {
    this.#waitWhile(CheckpointState.Asked);
    this.#begun = false;
    this.#logged = 0;
    const pages = this.#pages;
    const { left } = this.#checkpoint();
    if (left === 0) this.#filePages = pages;
    return left === 0;
  }

  /** Ends the thread. */
  close(): void {
    this.#say(CheckpointState.Closing);
    this.#waitWhile(CheckpointState.Closing);
  }

  #begin(): void {
    const now = performance.now();
    if (now - this.#last < this.#rules.pause) return;
    this.#last = now;
    if (this.#alone) return void this.finish();
    this.#begun = true;
    this.#logged = 0;
    this.#nextFilePages = this.#pages;
    this.#say(CheckpointState.Asked);
  }

  #look(): void {
    const { littleLeft, mostLog } = this.#rules;
    if (this.#state === CheckpointState.Asked) {
      // It is slower than what comes in.
      if (this.#logged >= mostLog) this.finish();
      return;
    }
    this.#begun = false;
    if (Atomics.load(this.#control, CheckpointWord.Left) === 0) {
      this.#filePages = this.#nextFilePages;
    }
    const length = PAGE_SIZE *
      Atomics.load(this.#control, CheckpointWord.Pages);
    if (this.#logged <= littleLeft || length >= mostLog) this.finish();
  }

  /** Copies all there is and leaves an empty log, where no reader stands in the way. */
  empty(): void {
    if (!this.finish()) return;
    const patience = firstValue(this.#database, "PRAGMA busy_timeout");
    this.#database.exec("PRAGMA busy_timeout = 0");
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // The disk may be full again: there is a next try.
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${patience}`);
    }
  }

  get #pages(): number {
    return this.#pageCount.get()?.page_count ?? 0;
  }

  get #state(): number {
    return Atomics.load(this.#control, CheckpointWord.State);
  }

  #say(state: number): void {
    Atomics.store(this.#control, CheckpointWord.State, state);
    Atomics.notify(this.#control, CheckpointWord.State);
  }

  #waitWhile(state: number): void {
    Atomics.wait(this.#control, CheckpointWord.State, state, MOST_WAIT);
  }
}

/** Copies the log of a database that a relay may be using too, as far as that can be done. */
export function emptyLog(database: Database): void {
  if (!isOlder(database, TWO_MAY)) prepareCheckpoint(database)();
}

function isOlder(database: Database, than: readonly number[]): boolean {
  const version = String(firstValue(database, "SELECT sqlite_version()"));
  const found = version.split(".").map(Number);
  const differs = than.findIndex((part, i) => found[i] !== part);
  return differs >= 0 && (found[differs] ?? 0) < (than[differs] ?? 0);
}
