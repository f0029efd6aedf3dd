/**
 * Changes the ids that a SQLite store gives out next, beside a relay that may be
 * running.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { MAX_MESSAGE_ID } from "../../../../shared/wire/protocol.ts";
import { ID_JUMP } from "../../store_rows.ts";
import { schemaVersion } from "../schema.ts";
import type { RaisedIds, RestartedIds } from "../../admin_store.ts";
import { withWriteLock } from "./write_lock.ts";

/** Inboxes of one transaction. */
const SLICE = 10_000;

/** Users stood in a table of their own, with what changes of them, up to version 2. */
const LAST_UNDIVIDED = 2;

/** Where an inbox's highest id is, in a store of a version, and whose it is. */
function lastMessages(version: number): { table: string; owner: string } {
  return version <= LAST_UNDIVIDED
    ? { table: "clients", owner: "clients.ID" }
    : {
      table: "activity",
      owner:
        "(SELECT ID FROM accounts WHERE accounts.Position = activity.Position)",
    };
}

/**
 * Raises the highest id of every inbox by {@linkcode ID_JUMP}, in a store of any
 * version.
 */
export async function raiseIds(database: Database): Promise<RaisedIds> {
  const { table, owner } = lastMessages(schemaVersion(database));
  // LastMessage is the highest id of those that are gone.
  const raise = database.prepare(
    `UPDATE ${table} SET LastMessage = min(${MAX_MESSAGE_ID}, ${ID_JUMP} +
        max(LastMessage, coalesce(
          (SELECT max(messages.ID) FROM messages WHERE ToClient = ${owner}), 0)))
      WHERE rowid > ? AND rowid <= ?`,
  );
  const end = database.prepare<{ row: number | null }>(
    `SELECT max(row) AS row FROM (SELECT rowid AS row FROM ${table}
      WHERE rowid > ? ORDER BY rowid LIMIT ${SLICE})`,
  );
  let inboxes = 0;
  for (let from = 0;;) {
    const last = end.get(from)?.row ?? null;
    if (last === null) break;
    inboxes += await withWriteLock(database, () => raise.run(from, last));
    from = last;
  }
  const usedUp = database.prepare<{ count: number }>(
    `SELECT count(*) AS count FROM ${table} WHERE LastMessage >= ${MAX_MESSAGE_ID}`,
  ).get()?.count ?? 0;
  return { inboxes, usedUp };
}

const WAITING = "EXISTS (SELECT 1 FROM messages WHERE ToClient = accounts.ID)";

/** SQL for whether an inbox of `accounts` and `activity` has given out its last id. */
export const USED_UP = `(LastMessage >= ${MAX_MESSAGE_ID} OR EXISTS (
  SELECT 1 FROM messages WHERE ToClient = accounts.ID AND messages.ID = ${MAX_MESSAGE_ID}))`;

/** Starts inboxes anew that have used up their ids, where nothing waits in them. */
export async function restartIds(database: Database): Promise<RestartedIds> {
  const names = database.prepare<{ name: string }>(
    `SELECT UserName AS name FROM accounts JOIN activity USING (Position)
      WHERE ${USED_UP} AND ${WAITING} ORDER BY Position`,
  );
  const restart = database.prepare(
    `UPDATE activity SET LastMessage = 0 WHERE Position IN (
      SELECT Position FROM accounts JOIN activity USING (Position)
        WHERE LastMessage >= ${MAX_MESSAGE_ID} AND NOT ${WAITING})`,
  );
  return await withWriteLock(database, () => ({
    waiting: names.all().map(({ name }) => name),
    restarted: restart.run(),
  }));
}
