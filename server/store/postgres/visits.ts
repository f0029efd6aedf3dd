/**
 * When clients were last seen: noted here, and written within a second, but of
 * each client once a minute at most. With every request it would cost as much
 * as the messages themselves.
 *
 * @module
 */

import { CLIENT_ID_SIZE, type ClientId } from "../../../shared/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import { Recent } from "../recent.ts";
import type { Query, Statement } from "./database.ts";

/** Milliseconds until visits are written. */
const DELAY = 1000;
/** Milliseconds until a client's next visit is. */
const PAUSE = 60_000;
/** Clients of whom it is remembered when their last visit was written. */
const MOST_REMEMBERED = 200_000;
/** Visits of one statement at most: messages to these clients wait for it. */
const MOST_AT_ONCE = 200;

// Locked in the order of the ids, like inboxes that messages come into.
const UPDATE: Statement = {
  name: "update-seen",
  text: `WITH visits AS MATERIALIZED (
    SELECT a.ID, v.seen FROM (
      SELECT substring($1::bytea FROM (n::int - 1) * ${CLIENT_ID_SIZE} + 1 FOR ${CLIENT_ID_SIZE}) AS id, seen
      FROM unnest($2::text[]) WITH ORDINALITY AS u (seen, n)
    ) AS v JOIN activity AS a ON a.ID = v.id
    ORDER BY a.ID FOR UPDATE OF a
  )
  UPDATE activity SET LastSeen = v.seen FROM visits AS v WHERE activity.ID = v.ID`,
};

/** Visits that aren't written yet. */
export class Visits {
  readonly #query: Query;
  readonly #commits: CommitFigures;
  #waiting = new Map<string, number>();
  /** When the last visit of each was that was written. */
  readonly #written = new Recent<number>(MOST_REMEMBERED);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Nobody was seen yet. @param commits counts each commit, with the visits in it */
  constructor(query: Query, commits: CommitFigures) {
    this.#query = query;
    this.#commits = commits;
  }

  /** Notes a visit. */
  add(id: ClientId, at: number): void {
    this.#waiting.set(id.toHex(), at);
    this.#timer ??= setTimeout(() => this.#writeDue(), DELAY);
  }

  /** Writes all of them. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const visits = [...this.#waiting];
    this.#waiting = new Map();
    await this.#write(visits);
  }

  async #writeDue(): Promise<void> {
    const due = [...this.#waiting].filter(([id, at]) =>
      at - (this.#written.get(id) ?? -Infinity) >= PAUSE
    );
    for (const [id] of due) this.#waiting.delete(id);
    await this.#write(due);
    this.#timer = this.#waiting.size === 0
      ? undefined
      : setTimeout(() => this.#writeDue(), DELAY);
  }

  /** What can't be written is lost: it is worth no failure. */
  async #write(visits: readonly [id: string, at: number][]): Promise<void> {
    for (let from = 0; from < visits.length; from += MOST_AT_ONCE) {
      const some = visits.slice(from, from + MOST_AT_ONCE);
      const ids = Uint8Array.fromHex(some.map(([id]) => id).join(""));
      const seen = some.map(([, at]) => new Date(at).toISOString());
      for (const [id, at] of some) this.#written.set(id, at);
      const begin = performance.now();
      try {
        await this.#query(UPDATE, [ids, `{${seen}}`]);
        this.#commits.record(some.length, performance.now() - begin);
      } catch {
        // What fails next tells why.
      }
    }
  }
}
