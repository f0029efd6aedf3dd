import {
  CLIENT_ID_SIZE,
  type ClientId,
} from "../../../shared/wire/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import { LruCache } from "../lru_cache.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Milliseconds until times are written. */
const DELAY = 1000;
/** Milliseconds until a client's next time is. */
const PAUSE = 60_000;
/** Milliseconds between two looks at the clients whose time has to wait. */
const LOOK = 10_000;
/** Clients in the cache of when their time was last written. */
const MOST_CACHED = 200_000;
/** Milliseconds that clocks of relays may differ. */
const CLOCK_TOLERANCE = 5000;
/** Times of one statement at most: messages to these clients wait for it. */
const MOST_AT_ONCE = 200;

// Locked in the order of the ids, like inboxes that messages come into. A later
// time than now was written by a clock that was wrong, and gives way.
const UPDATE = sql(`WITH times AS MATERIALIZED (
    SELECT a.ID, v.seen FROM (
      SELECT substring($1::bytea FROM (n::int - 1) * ${CLIENT_ID_SIZE} + 1 FOR ${CLIENT_ID_SIZE}) AS id, seen
      FROM unnest($2::text[]) WITH ORDINALITY AS u (seen, n)
    ) AS v JOIN activity AS a ON a.ID = v.id
    ORDER BY a.ID FOR UPDATE OF a
  )
  UPDATE activity SET LastSeen = v.seen FROM times AS v
    WHERE activity.ID = v.ID
      AND (activity.LastSeen < v.seen OR activity.LastSeen > $3)`);

/**
 * Last-seen times that aren't written yet: within a second each is, but of each
 * client once a minute at most. With every request it would cost as much as the
 * messages themselves.
 */
export class LastSeenQueue {
  readonly #query: Query;
  readonly #commits: CommitFigures;
  /** Times to write next, and times that have to wait. */
  #due = new Map<string, number>();
  readonly #later = new Map<string, number>();
  /** When a time of each client was last written, on the clock of `performance.now()`. */
  readonly #written = new LruCache<number>(MOST_CACHED);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looked = -Infinity;
  #writing: Promise<void> = Promise.resolve();

  /** @param commits counts each commit, with the times in it */
  constructor(query: Query, commits: CommitFigures) {
    this.#query = query;
    this.#commits = commits;
  }

  /** Notes when a client was seen, in milliseconds since 1970. */
  add(id: ClientId, at: number): void {
    const key = id.toHex();
    (this.#isDue(key) ? this.#due : this.#later).set(key, at);
    this.#timer ??= setTimeout(() => this.#writeDue(), DELAY);
  }

  /** Writes all of them. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    clearTimeout(this.#timer);
    await this.#write([...this.#due, ...this.#later]);
  }

  #isDue(key: string): boolean {
    return performance.now() - (this.#written.get(key) ?? -Infinity) >= PAUSE;
  }

  #writeDue(): void {
    if (performance.now() - this.#looked >= LOOK) {
      this.#looked = performance.now();
      for (const [key, at] of this.#later) {
        if (!this.#isDue(key)) continue;
        this.#later.delete(key);
        this.#due.set(key, at);
      }
    }
    const times = [...this.#due];
    this.#due = new Map();
    this.#writing = this.#write(times).then(() => {
      const waits = this.#due.size + this.#later.size > 0;
      this.#timer = waits
        ? setTimeout(() => this.#writeDue(), DELAY)
        : undefined;
    });
  }

  /** What can't be written is lost: it is worth no failure, and no waiting. */
  async #write(times: readonly [key: string, at: number][]): Promise<void> {
    try {
      for (let from = 0; from < times.length; from += MOST_AT_ONCE) {
        await this.#writeSome(times.slice(from, from + MOST_AT_ONCE));
      }
    } catch {
      // What fails next tells why.
    }
  }

  async #writeSome(
    times: readonly [key: string, at: number][],
  ): Promise<void> {
    const ids = Uint8Array.fromHex(times.map(([key]) => key).join(""));
    const seen = times.map(([, at]) => new Date(at).toISOString());
    const begin = performance.now();
    const latest = new Date(Date.now() + CLOCK_TOLERANCE).toISOString();
    await this.#query(UPDATE, [ids, `{${seen}}`, latest]);
    this.#commits.record(times.length, performance.now() - begin);
    for (const [key] of times) this.#written.set(key, performance.now());
  }
}
