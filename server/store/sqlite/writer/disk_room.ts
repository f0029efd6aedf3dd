import type { Database } from "@db/sqlite";
import { freeSpaceSync } from "../../../../shared/folder/durable_files.ts";
import type { Checkpoints } from "../checkpoints.ts";
import { firstValue } from "../schema.ts";
import type { Reserve } from "../reserve.ts";

const MIB = 1024 * 1024;

/** Bytes of the reserve at the start, and the largest share of a small disk's room that it takes. */
const LEAST = 4 * MIB;
const SHARE = 1 / 8;
/** Bytes from which the log is copied rather than the reserve made larger. */
const MOST = 64 * MIB;
/** Bytes of the log for deletions, and the factor by which a message takes more than its content. */
const MARGIN = MIB / 4;
const INDEXED = 5 / 4;
/** Milliseconds between two looks whether a full disk has room again. */
const PAUSE = 250;
/** Pages that a deletion may need before it frees some. */
const SPARE_PAGES = 8;
/** What `max_page_count` is by default. */
const ANY_PAGES = 0xfffffffe;

/**
 * Keeps room on the disk for the writer. While there is some, it keeps a
 * reserve at least as large as what the log has still to bring into the
 * database's own file. On a full disk it gives the reserve up, and the file may
 * not grow from then on: sends get the pages that deletions leave, or are
 * refused, while deletions go on.
 */
export class DiskRoom {
  readonly #database: Database;
  readonly #checkpoints: Checkpoints;
  readonly #reserve: Reserve;
  readonly #maxPages: number;
  readonly #least: number;
  #isShort = false;
  /** Bytes by which the log may grow before the reserve is looked at again. */
  #slack = 0;
  /** Time of the last look for room, on the clock of `performance.now()`. */
  #looked = -Infinity;

  /**
   * @param database the writer's
   * @param maxPages pages that the file may have; 0 for no limit
   */
  constructor(
    database: Database,
    checkpoints: Checkpoints,
    reserve: Reserve,
    maxPages: number,
  ) {
    this.#database = database;
    this.#checkpoints = checkpoints;
    this.#reserve = reserve;
    this.#maxPages = maxPages || ANY_PAGES;
    this.#limitPages(this.#maxPages);
    reserve.shrink(LEAST);
    const free = freeSpaceSync(database.path) ?? Infinity;
    const room = free + reserve.size;
    // With none at all a full disk would seem to have room again at once.
    this.#least = Math.min(
      LEAST,
      Math.max(MARGIN, Math.floor(room * SHARE / 2) * 2),
    );
    this.before(0);
  }

  /** Prepares the reserve for a group with so many bytes of content. */
  before(bytes: number): void {
    if (this.#isShort) return this.#lookAgain();
    this.#slack -= bytes * INDEXED + MARGIN;
    if (this.#slack >= 0) return;
    this.#prepare(bytes);
    this.#slack = this.#reserve.size - this.#needed(bytes);
  }

  /** Makes the reserve large enough, or empties the log, or treats the disk as full. */
  #prepare(bytes: number): void {
    // A large message can't be tried again: the log must be as short as it can be.
    if (bytes > MOST / 4) this.#checkpoints.finish();
    if (this.#fits(bytes)) return;
    if (this.#checkpoints.finish() && this.#fits(bytes)) return;
    if (!this.#reserve.grow(this.#needed(bytes))) this.make(false);
  }

  /** Looks at the reserve anew: another process wrote, and may have given it up. */
  othersWrote(): void {
    this.#reserve.refresh();
    this.#slack = 0;
  }

  /** Keeps the log short after a try on a full disk, and the room for later. */
  tried(): void {
    if (!this.#isShort) return;
    this.#checkpoints.finish();
    this.#lookAgain();
  }

  /**
   * Empties the log of a full disk with the help of the reserve. From then on
   * the reserve is for deletions.
   */
  make(deletes: boolean): void {
    this.#slack = 0;
    if (this.#isShort && !deletes) return;
    this.#reserve.shrink(0);
    this.#checkpoints.limitLog(this.#least);
    this.#checkpoints.empty();
    if (this.#isShort) {
      this.#looked = -Infinity;
      return;
    }
    this.#isShort = true;
    const pages = Number(firstValue(this.#database, "PRAGMA page_count"));
    this.#limitPages(Math.min(this.#maxPages, pages + SPARE_PAGES));
    // The log alone may have filled it.
    this.#look();
  }

  /** Leaves a reserve for the next start, once the database is closed. */
  close(): void {
    this.#reserve.grow(this.#least);
    this.#reserve.close();
  }

  /** Whether the reserve is large enough, or can grow enough without getting too large. */
  #fits(bytes: number): boolean {
    const needed = this.#needed(bytes);
    if (this.#reserve.size >= needed) return true;
    if (needed === this.#least) return this.#reserve.grow(needed);
    // So much that it seldom has to grow again.
    return needed <= MOST && this.#reserve.grow(Math.min(2 * needed, MOST));
  }

  #needed(bytes: number): number {
    return Math.max(
      this.#least,
      this.#checkpoints.growth + Math.ceil(bytes * INDEXED) + MARGIN,
    );
  }

  /** Ends the treatment of a full disk where there is room again; else keeps some for later. */
  #look(): void {
    this.#looked = performance.now();
    if (!this.#recover()) this.#reserve.grow(this.#least / 2);
  }

  #lookAgain(): void {
    if (performance.now() - this.#looked >= PAUSE) this.#look();
  }

  /** Whether the disk has room for the reserve, and as much again. */
  #recover(): boolean {
    if (!this.#reserve.grow(2 * this.#least)) return false;
    this.#reserve.shrink(this.#least);
    this.#isShort = false;
    this.#limitPages(this.#maxPages);
    return true;
  }

  #limitPages(pages: number): void {
    this.#database.exec(`PRAGMA max_page_count = ${pages}`);
  }
}
