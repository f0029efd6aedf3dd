/**
 * Tells whether a database may have gone back in time. PostgreSQL begins a new
 * timeline with each promotion of a standby and each point-in-time recovery;
 * either may have lost what was committed last, and with it the knowledge which
 * ids were given out. So the highest ids jump before anything is written.
 *
 * @module
 */

import { formatCount, formatThings } from "../../../../shared/cli/figures.ts";
import { StoreError } from "../../store.ts";
import { isUnsupported } from "./database_errors.ts";
import { raiseIds } from "../inbox_ids.ts";
import { RAISE_USERS_VERSION } from "../schema.ts";
import { BEGIN, COMMIT, type Query, quickSql, sql } from "./statement.ts";

// The log's file names begin with it. A checkpoint tells it later.
const TIMELINE = quickSql(`SELECT
    ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint,
    (SELECT Value FROM relay WHERE Name = 'timeline')`);

/**
 * Ids that are left out for each timeline: more than a standby can lag behind,
 * and few enough for 2,800 promotions, as a random part comes on top.
 */
const JUMP = 1_000_000;
/** Jumps at most, however many timelines lie in between: ids are few. */
const MOST_JUMPS = 100;

const NOTE = sql(`INSERT INTO relay (Name, Value) VALUES ('timeline', $1)
    ON CONFLICT (Name) DO UPDATE SET Value = excluded.Value`);

const LOCK = sql(
  "SELECT Value FROM relay WHERE Name = 'timeline' FOR UPDATE",
);

// Who reads needn't wait for a standby to come. What is written next lies behind
// it in the log, and isn't acknowledged without one.
const COMMIT_HERE = sql(
  "SELECT set_config('synchronous_commit', 'local', true)",
);

/** The timeline of a database, as far as it has one. */
export class Timeline {
  readonly #notice: (text: string) => void;
  readonly #changed: () => void;
  #seen: number | undefined;

  /**
   * @param notice is told that ids were raised
   * @param changed is called before the first write on another timeline: what
   * is remembered of the database may be untrue
   */
  constructor(notice: (text: string) => void, changed: () => void) {
    this.#notice = notice;
    this.#changed = changed;
  }

  /**
   * Looks at it on a new connection, and raises the ids where it is another one.
   *
   * @throws {StoreError} where the server is behind one that was seen before
   */
  async check(query: Query): Promise<void> {
    const found = await readTimeline(query);
    if (found === undefined) return;
    const [timeline, noted] = found;
    const seen = this.#seen ?? timeline;
    if (timeline < seen) {
      throw new StoreError(
        `it is on timeline ${timeline}, behind ${seen} of another server: it was the primary before that one, so make a standby of it, or restart the relay where it is to be the primary again`,
      );
    }
    if (noted === undefined) await query(NOTE, [timeline]);
    else if (noted !== timeline) await this.#raise(query, timeline);
    this.#seen = timeline;
    if (timeline !== seen) this.#changed();
  }

  /** Whether it has to be checked anew. */
  async isNew(query: Query): Promise<boolean> {
    if (this.#seen === undefined) return false;
    const [timeline, noted] = await readTimeline(query) ?? [];
    return timeline !== this.#seen || noted !== timeline;
  }

  async #raise(query: Query, timeline: number): Promise<void> {
    await query(BEGIN);
    await query(COMMIT_HERE);
    const [row] = await query<[number]>(LOCK);
    const noted = row?.[0] ?? timeline;
    // Another connection, or another relay, may have been faster.
    if (noted !== timeline) {
      // A timeline in between may have given out ids that this one never saw.
      const apart = Math.min(Math.max(1, timeline - noted), MOST_JUMPS);
      // Another server may have begun a timeline of the same number.
      const jump = JUMP * apart + Math.floor(Math.random() * JUMP);
      const { inboxes, usedUp } = await raiseIds(query, jump);
      await query(RAISE_USERS_VERSION);
      await query(NOTE, [timeline]);
      this.#notice(
        `the database went from timeline ${noted} to ${timeline} and may have lost messages: in ${
          formatThings(inboxes, "inbox", "inboxes")
        } ids go on ${formatCount(jump)} higher` +
          (usedUp === 0 ? "" : `, and ${formatCount(usedUp)} have none left`),
      );
    }
    await query(COMMIT);
  }
}

/** The timeline and the one that was noted; undefined where the database has none. */
async function readTimeline(
  query: Query,
): Promise<[timeline: number, noted: number | undefined] | undefined> {
  try {
    const [row] = await query<[number, number | null]>(TIMELINE);
    return row === undefined ? undefined : [row[0], row[1] ?? undefined];
  } catch (error) {
    if (isUnsupported(error)) return;
    throw error;
  }
}
