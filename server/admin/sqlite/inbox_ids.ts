/**
 * Changes the ids that a SQLite store gives out next, beside a relay that may be
 * running.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { MAX_MESSAGE_ID } from "../../../shared/protocol.ts";
import { ID_JUMP } from "../../store/layout.ts";
import type { RaisedIds, RestartedIds } from "../../store/raised_ids.ts";
import { withWriteLock } from "./write_lock.ts";

/** Inboxes of one transaction. */
const SLICE = 10_000;

/** The highest id that waits for the user of a row in activity. */
const HIGHEST = `coalesce((SELECT max(messages.ID) FROM messages
  WHERE ToClient = (SELECT ID FROM accounts WHERE accounts.Position = activity.Position)), 0)`;

// LastMessage is the highest id of those that are gone.
const RAISE = `UPDATE activity SET LastMessage =
    min(max(LastMessage, ${HIGHEST}) + ${ID_JUMP}, ${MAX_MESSAGE_ID})
  WHERE Position > ? AND Position <= ?`;

/** Raises the highest id of every inbox by {@linkcode ID_JUMP}. */
export async function raiseIds(database: Database): Promise<RaisedIds> {
  const raise = database.prepare(RAISE);
  const end = database.prepare<{ position: number | null }>(
    `SELECT max(Position) AS position FROM (
      SELECT Position FROM activity WHERE Position > ? ORDER BY Position LIMIT ${SLICE})`,
  );
  let inboxes = 0;
  for (let from = 0;;) {
    const last = end.get(from)?.position ?? null;
    if (last === null) break;
    inboxes += await withWriteLock(database, () => raise.run(from, last));
    from = last;
  }
  const usedUp = database.prepare<{ count: number }>(
    `SELECT count(*) AS count FROM activity WHERE LastMessage >= ${MAX_MESSAGE_ID}`,
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
