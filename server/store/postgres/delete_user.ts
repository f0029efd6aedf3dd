import type { ClientId } from "../../../shared/wire/protocol.ts";
import { runsOf } from "../id_runs.ts";
import type { Database } from "./connection/database.ts";
import { deleteMessages } from "./deletion_queue.ts";
import { deleteProfile } from "./secure/accounts.ts";
import { RAISE_USERS_VERSION } from "./schema.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Messages of one transaction, and bytes of contents from which on it has enough. */
const BATCH = 500;
const MOST_BYTES = 64 * 1024 * 1024;
/** Milliseconds between two of them. */
const PAUSE = 20;

const OLDEST = sql(`SELECT ID, octet_length(Content) + Rest FROM messages
    WHERE ToClient = $1 ORDER BY ID LIMIT ${BATCH}`);

const DELETE_ACTIVITY = sql(
  "DELETE FROM activity WHERE ID = $1",
);

const DELETE_ACCOUNT = sql(
  "DELETE FROM accounts WHERE ID = $1 RETURNING ID",
);

/**
 * Deletes a user, its waiting messages and its secure account, beside relays that may be running.
 *
 * @returns the number of messages deleted; undefined if there is no such user
 */
export async function deleteUser(
  database: Database,
  id: ClientId,
): Promise<number | undefined> {
  let messages = 0;
  for (;;) {
    const { more, deleted } = await deleteSome(database.query, id);
    messages += deleted;
    // Messages may arrive all the time: those that come now go with the user.
    if (!more) break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return await database.transaction(async (query) => {
    // A send under way holds this row. Later ones find none, and so no inbox:
    // no message can arrive behind those that are deleted next.
    await query(DELETE_ACTIVITY, [id]);
    let last = 0;
    for (let more = true; more;) {
      const some = await deleteSome(query, id);
      last += some.deleted;
      more = some.more;
    }
    last += await deleteProfile(query, id);
    const isGone = (await query(DELETE_ACCOUNT, [id])).length === 0;
    await query(RAISE_USERS_VERSION);
    return isGone ? undefined : messages + last;
  });
}

/** Its recipient may be taking the same: then fewer are removed than were found. */
async function deleteSome(
  query: Query,
  recipient: ClientId,
): Promise<{ more: boolean; deleted: number }> {
  const rows = await query<[id: number, size: number]>(OLDEST, [recipient]);
  let bytes = 0;
  const end = rows.findIndex(([, size]) => (bytes += size) > MOST_BYTES);
  const some = end < 0 ? rows : rows.slice(0, end + 1);
  if (some.length === 0) return { more: false, deleted: 0 };
  const more = some.length < rows.length || rows.length === BATCH;
  const runs = runsOf(some.map(([id]) => id));
  const deleted = await deleteMessages(query, [{ recipient, runs }]);
  return { more, deleted };
}
