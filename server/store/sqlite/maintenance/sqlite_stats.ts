/**
 * Figures of a SQLite store.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { basename } from "node:path";
import { firstValue } from "../first_value.ts";
import { OWN_TIME } from "../schema.ts";
import { statIfThere } from "../file/stat_if_there.ts";
import type { StoreStats } from "../../admin_store.ts";

/** Inboxes that are told. */
const LARGEST = 5;
/** Milliseconds. */
const DAY = 86_400_000;

/** Reads them. */
export function readStats(
  database: Database,
  path: string,
  now: Date,
): StoreStats {
  const value = (sql: string) => firstValue(database, sql);
  const seen = database.prepare<{ n: number }>(
    `SELECT count(*) AS n FROM activity WHERE LastSeen >= ? AND ${OWN_TIME}`,
  );
  const seenWithin = (days: number) =>
    seen.get(new Date(now.getTime() - days * DAY).toISOString())?.n ?? 0;
  // Rows rise with the time.
  const oldest = value("SELECT Arrived FROM messages ORDER BY rowid LIMIT 1");
  return {
    users: Number(value("SELECT count(*) FROM accounts")),
    seenLastDay: seenWithin(1),
    seenLastWeek: seenWithin(7),
    seenLastMonth: seenWithin(30),
    messages: Number(value("SELECT count(*) FROM messages")),
    // A content's length is known without reading it, what is behind it isn't.
    bytes: Number(value(
      `SELECT (SELECT coalesce(sum(length(Content)), 0) FROM messages) +
        (SELECT coalesce(sum(length(Content)), 0) FROM parts)`,
    )),
    oldest: oldest === undefined ? undefined : new Date(Number(oldest)),
    largestInboxes: database.prepare<{ messages: number }>(
      `SELECT count(*) AS messages FROM messages
        GROUP BY ToClient ORDER BY messages DESC LIMIT ${LARGEST}`,
    ).all().map(({ messages }) => messages),
    files: ["", "-wal"].flatMap((suffix) => {
      const bytes = statIfThere(path + suffix)?.size;
      return bytes === undefined
        ? []
        : [{ name: basename(path) + suffix, bytes }];
    }),
  };
}
