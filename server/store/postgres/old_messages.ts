/**
 * Deletes messages that have waited for too long. They lie among all others,
 * inbox by inbox, so all of them are looked through, a few at a time.
 *
 * @module
 */

import type { ClientId } from "../../../shared/protocol.ts";
import { runsOf } from "../id_runs.ts";
import type { Query, Statement } from "./database.ts";
import { removeMessages } from "./removal_queue.ts";

/** Messages that are looked at at a time. */
const LOOK = 2000;

const NEXT: Statement = {
  name: "next-messages",
  text: `SELECT ToClient, ID, Arrived FROM messages
    WHERE (ToClient, ID) > ($1::bytea, $2::bigint) ORDER BY ToClient, ID LIMIT $3`,
};

type Row = [recipient: ClientId, id: number, arrived: number];

/** Before all inboxes. */
const START = { recipient: new Uint8Array(0), id: 0 };

/** Goes through all messages again and again. */
export class OldMessages {
  readonly #query: Query;
  /** The last one that was looked at. */
  #last: { recipient: Uint8Array; id: number } = START;

  /** Begins with the first. */
  constructor(query: Query) {
    this.#query = query;
  }

  /** Deletes some that arrived before: see `Store.purge`. */
  async purge(before: Date, most: number): Promise<number> {
    const wasStart = this.#last === START;
    const deleted = await this.#purgeOn(before.getTime(), most);
    // What lies in front of where it went on may be old by now.
    return deleted > 0 || wasStart
      ? deleted
      : await this.#purgeOn(before.getTime(), most);
  }

  async #purgeOn(before: number, most: number): Promise<number> {
    for (;;) {
      const { recipient, id } = this.#last;
      const rows = await this.#query<Row>(NEXT, [recipient, id, LOOK]);
      const old = rows.filter(([, , arrived]) => arrived < before)
        .slice(0, most);
      // Those behind the last that is deleted are looked at again.
      const [lastRecipient, lastId] =
        (old.length === most ? old : rows).at(-1) ??
          [];
      this.#last = lastRecipient === undefined || lastId === undefined ||
          rows.length < LOOK && old.length < most
        ? START
        : { recipient: lastRecipient, id: lastId };
      if (old.length > 0) {
        return await removeMessages(this.#query, byInbox(old));
      }
      if (this.#last === START) return 0;
    }
  }
}

/** Rows that are in the order of their inboxes. */
function byInbox(rows: readonly Row[]) {
  const inboxes = Map.groupBy(rows, ([recipient]) => recipient.toHex());
  return [...inboxes.values()].map((rows) => ({
    recipient: rows[0]?.[0] as ClientId,
    runs: runsOf(rows.map(([, id]) => id)),
  }));
}
