/**
 * Figures and users of a SQLite store.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { basename } from "node:path";
import { firstValue, OWN_TIME } from "../schema.ts";
import { statIfThere } from "../../../../shared/folder/durable_files.ts";
import type { StoreStats, UserInfo } from "../../admin_store.ts";

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

/** Users that are read at a time, so that no reading holds the relay's log for long. */
const PAGE = 500;

type UserRow = Omit<UserInfo, "id"> & { id: Uint8Array; position: number };

const USERS = `SELECT Position AS position, UserName AS name,
  accounts.ID AS id, LastSeen AS lastSeen, count(messages.ID) AS messages,
  coalesce(sum(length(Content) + Rest), 0) AS bytes
  FROM accounts JOIN activity USING (Position)
  LEFT JOIN messages ON ToClient = accounts.ID`;

/** All users, in the order in which they registered. */
export async function* readUsers(
  database: Database,
): AsyncGenerator<UserInfo> {
  const page = database.prepare<UserRow>(
    `${USERS} WHERE Position IN
      (SELECT Position FROM accounts WHERE Position > ? ORDER BY Position LIMIT ${PAGE})
      GROUP BY Position ORDER BY Position`,
  );
  for (let last = 0;;) {
    const rows = page.all(last);
    yield* rows.map(infoOf);
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.position;
  }
}

/** The user of a name, with its id as bytes; or undefined. */
export function findUser(
  database: Database,
  name: string,
): { info: UserInfo; id: Uint8Array } | undefined {
  const row = database.prepare<UserRow>(
    `${USERS} WHERE UserName = ? GROUP BY Position`,
  ).get(name);
  return row === undefined ? undefined : { info: infoOf(row), id: row.id };
}

function infoOf({ name, id, lastSeen, messages, bytes }: UserRow): UserInfo {
  return { name, id: id.toHex(), lastSeen, messages, bytes };
}
