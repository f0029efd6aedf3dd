/**
 * Changes the message ids that inboxes give out next, beside relays that may be
 * running.
 *
 * @module
 */

import { PackageKind } from "../../../shared/secure/key_package.ts";
import { MAX_MESSAGE_ID } from "../../../shared/wire/protocol.ts";
import { ID_JUMP } from "../store_rows.ts";
import type { RaisedIds, RestartedIds } from "../admin_store.ts";
import { inSlice, slicesOf, sumOverSlices } from "./key_slices.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Inboxes of one statement. */
const SLICE = 10_000;

// Locked in the order of the ids, like inboxes that messages come into.
const raise = (table: "activity" | "profiles") =>
  sql(`WITH inboxes AS MATERIALIZED (
    SELECT ID FROM ${table} WHERE ${inSlice(table)}
    ORDER BY ID FOR UPDATE
  ), raised AS (
    UPDATE ${table} SET
      LastMessage = least(${table}.LastMessage + $3::bigint, ${MAX_MESSAGE_ID})
    FROM inboxes WHERE ${table}.ID = inboxes.ID
    RETURNING ${table}.LastMessage
  )
  SELECT count(*), count(*) FILTER (WHERE LastMessage = ${MAX_MESSAGE_ID})
  FROM raised`);
const RAISE = { activity: raise("activity"), profiles: raise("profiles") };

const RAISE_SEQS = sql(`WITH mailboxes AS MATERIALIZED (
    SELECT Device FROM devices WHERE ${inSlice("devices")}
    ORDER BY Device FOR UPDATE
  ), raised AS (
    UPDATE devices SET LastSeq = devices.LastSeq + $3::bigint
    FROM mailboxes WHERE devices.Device = mailboxes.Device
    RETURNING 1
  )
  SELECT count(*) FROM raised`);

// Some may have been handed out by a commit that is lost.
const DELETE_PACKAGES = sql(`DELETE FROM packages
    WHERE ${inSlice("packages")} AND Kind = ${PackageKind.SingleUse}`);

/**
 * Raises the highest id of every inbox and the last seq of every mailbox, and
 * deletes single-use packages. A database that went back in time (a
 * standby without the last commits, a point-in-time recovery) would otherwise
 * give out ids again that a client has seen, and packages that were handed out. Each slice of inboxes is raised by
 * a statement of its own: within a transaction all are raised or none.
 *
 * @param jump ids that are left out in each inbox, as far as it has so many
 * @throws {StoreError} where the database can't be used; an inbox that was
 * raised before is raised once more by another call, which does no harm
 */
export async function raiseIds(
  query: Query,
  jump: number = ID_JUMP,
): Promise<RaisedIds> {
  const ids: RaisedIds = { inboxes: 0, usedUp: 0 };
  for (const table of ["activity", "profiles"] as const) {
    const [inboxes = 0, usedUp = 0] = await sumOverSlices(
      query,
      table,
      SLICE,
      RAISE[table],
      [jump],
    );
    ids.inboxes += inboxes;
    ids.usedUp += usedUp;
  }
  await sumOverSlices(query, "devices", SLICE, RAISE_SEQS, [jump]);
  await sumOverSlices(query, "packages", SLICE, DELETE_PACKAGES);
  return ids;
}

const USED_UP = `${inSlice("activity")} AND LastMessage >= ${MAX_MESSAGE_ID}`;
const WAITING = "EXISTS (SELECT 1 FROM messages WHERE ToClient = activity.ID)";

const NAMES = sql(
  `SELECT UserName FROM activity JOIN accounts ON accounts.ID = activity.ID
    WHERE ${USED_UP} AND ${WAITING} ORDER BY Position`,
);

const RESTART = sql(`UPDATE activity SET LastMessage = 0
    WHERE ${USED_UP} AND NOT ${WAITING} RETURNING 1`);

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
