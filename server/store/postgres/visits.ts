/**
 * When clients were last seen: noted here, and written once a second.
 *
 * @module
 */

import { CLIENT_ID_SIZE, type ClientId } from "../../../shared/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import type { Query, Statement } from "./database.ts";

/** Milliseconds until visits are written. */
const DELAY = 1000;
/** Visits of one statement at most. */
const MOST_AT_ONCE = 1000;

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
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Nobody was seen yet. @param commits counts each commit, with the visits in it */
  constructor(query: Query, commits: CommitFigures) {
    this.#query = query;
    this.#commits = commits;
  }

  /** Notes a visit. */
  add(id: ClientId, at: number): void {
    this.#waiting.set(id.toHex(), at);
    this.#timer ??= setTimeout(() => this.flush(), DELAY);
  }

  /** Writes all of them. What can't be written is lost: it is worth no failure. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const visits = [...this.#waiting];
    this.#waiting = new Map();
    for (let at = 0; at < visits.length; at += MOST_AT_ONCE) {
      const some = visits.slice(at, at + MOST_AT_ONCE);
      const ids = Uint8Array.fromHex(some.map(([id]) => id).join(""));
      const seen = some.map(([, at]) => new Date(at).toISOString());
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
