/**
 * Starts inboxes of a PostgreSQL database anew that have used up their ids,
 * beside relays that may be running.
 *
 * @module
 */

import { MAX_MESSAGE_ID } from "../../../../shared/wire/protocol.ts";
import type { Query, Statement } from "../connection/database.ts";
import { inSlice, slicesOf } from "../key_slices.ts";
import type { RestartedIds } from "../../admin_store.ts";

/** Inboxes that one statement looks at. */
const SLICE = 10_000;

const USED_UP = `${inSlice("activity")} AND LastMessage >= ${MAX_MESSAGE_ID}`;
const WAITING = "EXISTS (SELECT 1 FROM messages WHERE ToClient = activity.ID)";

const NAMES: Statement = {
  name: "used-up-waiting",
  text:
    `SELECT UserName FROM activity JOIN accounts ON accounts.ID = activity.ID
    WHERE ${USED_UP} AND ${WAITING} ORDER BY Position`,
};

const RESTART: Statement = {
  name: "restart-ids",
  text: `UPDATE activity SET LastMessage = 0
    WHERE ${USED_UP} AND NOT ${WAITING} RETURNING 1`,
};

/** Starts them anew, as far as nothing waits in them. */
export async function restartIds(query: Query): Promise<RestartedIds> {
  const ids: RestartedIds = { restarted: 0, waiting: [] };
  for await (const slice of slicesOf(query, "activity", SLICE)) {
    const names = await query<[string]>(NAMES, slice);
    ids.waiting.push(...names.map(([name]) => name));
    ids.restarted += (await query(RESTART, slice)).length;
  }
  return ids;
}
