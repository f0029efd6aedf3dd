import type { ClientId } from "../../../shared/wire/protocol.ts";
import { runsOf } from "../id_runs.ts";
import { NOW } from "./schema.ts";
import { deleteMessages } from "./deletion_queue.ts";
import { type Query, quickSql } from "./connection/statement.ts";

/** Messages that are looked at at a time. */
const LOOK = 2000;
/** Bytes of contents that are deleted at once, about. */
const MOST_BYTES = 64 * 1024 * 1024;

const NEXT = quickSql(
  `SELECT ToClient, ID, Arrived < ${NOW} - $4::bigint, octet_length(Content) + Rest FROM messages
    WHERE (ToClient, ID) > ($1::bytea, $2::bigint) ORDER BY ToClient, ID LIMIT $3`,
);

type Row = [recipient: ClientId, id: number, isOld: boolean, size: number];

/** Before all inboxes. */
const START = { recipient: new Uint8Array(0), id: 0 };

/**
 * Deletes messages that have waited for too long. They lie among all others,
 * inbox by inbox, so all of them are looked through again and again, a few at a
 * time.
 */
export class OldMessages {
  readonly #query: Query;
  /** The last one that was looked at. */
  #last: { recipient: Uint8Array; id: number } = START;

  constructor(query: Query) {
    this.#query = query;
  }

  /** Deletes some that have waited for longer: see `Store.purge`. */
  async purge(age: number, most: number): Promise<number> {
    const wasStart = this.#last === START;
    const deleted = await this.#purgeOn(age, most);
    // What lies in front of where it went on may be old by now.
    return deleted > 0 || wasStart ? deleted : await this.#purgeOn(age, most);
  }

  /** @param age milliseconds that a message has waited for at least */
  async #purgeOn(age: number, most: number): Promise<number> {
    for (;;) {
      const { recipient, id } = this.#last;
      const rows = await this.#query<Row>(NEXT, [recipient, id, LOOK, age]);
      const old = rows.filter(([, , isOld]) => isOld);
      const some = firstOf(old, most);
      // Those behind the last that is deleted are looked at again.
      const last = (some.length < old.length ? some : rows).at(-1);
      const isEnd = last === undefined ||
        some.length === old.length && rows.length < LOOK;
      this.#last = isEnd ? START : { recipient: last[0], id: last[1] };
      const removed = some.length === 0
        ? 0
        : await deleteMessages(this.#query, byInbox(some));
      // Another relay may have been faster.
      if (removed > 0) return removed;
      if (this.#last === START) return 0;
    }
  }
}

/** As many as one statement may delete. */
function firstOf(rows: readonly Row[], most: number): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex(([, , , size]) => (bytes += size) > MOST_BYTES);
  return rows.slice(0, Math.min(most, end < 0 ? most : end + 1));
}

/** Rows that are in the order of their inboxes. */
function byInbox(rows: readonly Row[]) {
  const inboxes = Map.groupBy(rows, ([recipient]) => recipient.toHex());
  return [...inboxes.values()].map((rows) => ({
    recipient: rows[0]?.[0] as ClientId,
    runs: runsOf(rows.map(([, id]) => id)),
  }));
}
