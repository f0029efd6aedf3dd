/**
 * Changes the ids that a SQLite store gives out next, beside a relay that may be
 * running.
 *
 * @module
 */

import type { Database, Statement } from "@db/sqlite";
import { PackageKind } from "../../../../shared/secure/key_package.ts";
import { MAX_MESSAGE_ID } from "../../../../shared/wire/protocol.ts";
import { ID_JUMP } from "../../store_rows.ts";
import { FIRST_SECURE, schemaVersion } from "../schema.ts";
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
 * Raises the highest id of every inbox, and the highest position of every mailbox,
 * by {@linkcode ID_JUMP}, in a store of any version.
 */
export async function raiseIds(database: Database): Promise<RaisedIds> {
  const version = schemaVersion(database);
  const { table, owner } = lastMessages(version);
  // LastMessage is the highest id of those that are gone.
  const raise = database.prepare(
    `UPDATE ${table} SET LastMessage = min(${MAX_MESSAGE_ID}, ${ID_JUMP} +
        max(LastMessage, coalesce(
          (SELECT max(messages.ID) FROM messages WHERE ToClient = ${owner}), 0)))
      WHERE rowid > ? AND rowid <= ?`,
  );
  const inboxes = await inSlices(database, table, raise);
  if (version >= FIRST_SECURE) await raisePositions(database);
  const usedUp = database.prepare<{ count: number }>(
    `SELECT count(*) AS count FROM ${table} WHERE LastMessage >= ${MAX_MESSAGE_ID}`,
  ).get()?.count ?? 0;
  return { inboxes, usedUp };
}

/**
 * Raises the highest position of every mailbox, and deletes single-use packages:
 * they may have been handed out since.
 */
async function raisePositions(database: Database): Promise<void> {
  const raise = database.prepare(
    `UPDATE devices SET LastSeq = ${ID_JUMP} + max(LastSeq, coalesce(
        (SELECT max(Seq) FROM mail WHERE mail.Device = devices.Device), 0))
      WHERE rowid > ? AND rowid <= ?`,
  );
  const packages = database.prepare(
    `DELETE FROM packages WHERE rowid > ? AND rowid <= ?
      AND Kind = ${PackageKind.SingleUse}`,
  );
  await inSlices(database, "devices", raise);
  await inSlices(database, "packages", packages);
}

/** Runs a statement on the rows of a table, slice by slice; returns the number of changes. */
async function inSlices(
  database: Database,
  table: string,
  statement: Statement,
): Promise<number> {
  const end = database.prepare<{ row: number | null }>(
    `SELECT max(row) AS row FROM (SELECT rowid AS row FROM ${table}
      WHERE rowid > ? ORDER BY rowid LIMIT ${SLICE})`,
  );
  let changes = 0;
  for (let from = 0;;) {
    const last = end.get(from)?.row ?? null;
    if (last === null) return changes;
    changes += await withWriteLock(database, () => statement.run(from, last));
    from = last;
  }
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
