import type { Database } from "@db/sqlite";
import { WallClock } from "./wall_clock.ts";

/** Times of arrival, as of one transaction; milliseconds since 1970. */
export interface Arrivals {
  /** Now. */
  readonly now: number;
  /** Now, by the wall clock as it was when it was most behind. */
  readonly earliest: number;
  /** The last row that may have arrived before this process began. */
  readonly olderRow: number;
}

/** Keeps the age of what this process took in when the clock is set. */
export class ArrivalClock {
  readonly #clock: WallClock;
  readonly #lastRow;
  readonly #moveArrivals;
  #olderRow = Infinity;

  /** @param database has its tables */
  constructor(database: Database, clock: WallClock = new WallClock()) {
    this.#clock = clock;
    this.#lastRow = database.prepare<{ row: number | null }>(
      "SELECT max(rowid) AS row FROM messages",
    );
    this.#moveArrivals = database.prepare(
      "UPDATE messages SET Arrived = Arrived + ? WHERE rowid > ?",
    );
  }

  /**
   * Looks at the clock, at the beginning of a transaction. Where the clock was
   * set, messages move along with it.
   *
   * @param canMove false leaves messages as they are, to be kept for longer:
   * moving them takes room in the log
   * @returns the times, and what to call after COMMIT: until then a step is seen again
   */
  look(canMove: boolean): { arrivals: Arrivals; committed: () => void } {
    const { now, step, earliest, known } = this.#clock.look();
    if (step !== 0 && !canMove) this.#olderRow = Infinity;
    if (this.#olderRow > 0) {
      // Rows begin anew once there are none.
      const last = this.#lastRow.get()?.row ?? 0;
      this.#olderRow = Math.min(this.#olderRow, last);
    }
    if (step !== 0 && canMove) this.#moveArrivals.run(step, this.#olderRow);
    const arrivals = { now, earliest, olderRow: this.#olderRow };
    return { arrivals, committed: known };
  }
}
