import type { ClientId } from "../../../shared/wire/protocol.ts";
import { runsOf } from "../id_runs.ts";
import { NOW } from "./schema.ts";
import { deleteMessages } from "./deletion_queue.ts";
import { firstOf, KeyWalk } from "./key_walk.ts";
import { type Query, quickSql } from "./connection/statement.ts";

const NEXT = quickSql(
  `SELECT ToClient, ID, Arrived < ${NOW} - $4::bigint, octet_length(Content) + Rest FROM messages
    WHERE (ToClient, ID) > ($1::bytea, $2::bigint) ORDER BY ToClient, ID LIMIT $3`,
);

type Row = [recipient: ClientId, id: number, isOld: boolean, size: number];

/** Deletes messages that have waited for too long, which lie among all others. */
export class OldMessages {
  readonly #query: Query;
  readonly #walk: KeyWalk<Row>;

  constructor(query: Query) {
    this.#query = query;
    this.#walk = new KeyWalk(query, NEXT, [new Uint8Array(0), 0]);
  }

  /** Deletes some that have waited for longer: see `Store.purge`. */
  async purge(age: number, most: number): Promise<number> {
    return await this.#walk.remove(
      [age],
      (old) => firstOf(old, most),
      (some) => deleteMessages(this.#query, byInbox(some)),
    );
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
