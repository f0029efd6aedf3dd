import type { Database } from "@db/sqlite";
import { HAS_COUNT, SORT_SENDINGS } from "../../schema.ts";

/** Sendings that are sorted at a time. */
const MOST_UNSORTED = 4096;

/**
 * The counts of the sendings that are remembered. Sendings are kept as they come,
 * so that those of a commit share pages; in `device_sendings` they stand by
 * device, where they are put many at a time. The counts of those that aren't
 * there yet are in memory.
 */
export class SendingCounts {
  readonly #database: Database;
  readonly #statements;
  /** Counts by the device's id in hex. */
  readonly #unsorted = new Map<string, Set<number>>();
  /** Unsorted sendings, about. */
  #size = 0;
  /** Unsorted sendings that are enough to sort. */
  #enough = MOST_UNSORTED;
  /** Whether the file may have unsorted sendings that aren't in memory. */
  #isStale = true;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#database = database;
    this.#statements = {
      unsorted: database.prepare<{ device: Uint8Array; count: number }>(
        `SELECT Device AS device, Count AS count FROM taken
          WHERE rowid > (SELECT Last FROM sorted_sendings)`,
      ),
      has: database.prepare<{ found: number }>(
        "SELECT 1 AS found FROM device_sendings WHERE Device = ? AND Count = ?",
      ),
      highest: database.prepare<{ count: number | null }>(
        `SELECT max(Count) AS count FROM device_sendings
          WHERE Device = ? AND ${HAS_COUNT}`,
      ),
    };
  }

  /** Whether a sending of a device has a count. @param key the device's id in hex */
  has(device: Uint8Array, key: string, count: number): boolean {
    this.#refresh();
    return this.#unsorted.get(key)?.has(count) ||
      this.#statements.has.get(device, count) !== undefined;
  }

  /** The highest count of a device's sendings; 0 for none. @param key its id in hex */
  highest(device: Uint8Array, key: string): number {
    this.#refresh();
    const sorted = this.#statements.highest.get(device)?.count ?? 0;
    return (this.#unsorted.get(key) ?? new Set<number>())
      .values().reduce((highest, count) => Math.max(highest, count), sorted);
  }

  /** Notes the count of a sending that was inserted. @param key the device's id in hex */
  add(key: string, count: number): void {
    this.#refresh();
    this.#note(key, count);
    if (this.#size < MOST_UNSORTED) this.#enough = MOST_UNSORTED;
    if (this.#size < this.#enough) return;
    // Where it fails, as on a full disk, it is tried again as many sendings later.
    this.#enough = this.#size + MOST_UNSORTED;
    this.#database.exec(SORT_SENDINGS);
    this.#unsorted.clear();
    this.#size = 0;
  }

  /** Notes that a sending was deleted. @param key the device's id in hex */
  delete(key: string, count: number): void {
    this.#unsorted.get(key)?.delete(count);
  }

  /** Notes that many sendings were deleted, or that another process may have written. */
  clear(): void {
    this.#unsorted.clear();
    this.#size = 0;
    this.#isStale = true;
  }

  #note(key: string, count: number): void {
    const counts = this.#unsorted.get(key);
    if (counts === undefined) this.#unsorted.set(key, new Set([count]));
    else counts.add(count);
    this.#size++;
  }

  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    // Nothing is sorted here: what makes room on a full disk comes by.
    for (const { device, count } of this.#statements.unsorted.all()) {
      this.#note(device.toHex(), count);
    }
  }
}
