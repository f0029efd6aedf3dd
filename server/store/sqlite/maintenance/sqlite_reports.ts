import type { Database } from "@db/sqlite";
import { basename } from "node:path";
import { firstValue, OWN_TIME } from "../schema.ts";
import { statIfThere } from "../../../../shared/folder/durable_files.ts";
import {
  type AdminWork,
  LARGEST_INBOXES,
  type UserRow,
} from "../../admin_store.ts";

/** Users that are read at a time, so that no reading holds the relay's log for long. */
const PAGE = 500;

const USERS = `SELECT Position AS position, UserName AS name,
  accounts.ID AS id, LastSeen AS lastSeen, count(messages.ID) AS messages,
  coalesce(sum(length(Content) + Rest), 0) AS bytes
  FROM accounts JOIN activity USING (Position)
  LEFT JOIN messages ON ToClient = accounts.ID`;

/** The reports on an open SQLite store. */
export function reports(
  database: Database,
  path: string,
): Pick<
  AdminWork,
  "stats" | "usersBehind" | "userCalled" | "countArrivedBefore"
> {
  const value = (sql: string) => firstValue(database, sql);
  const prepare = <T extends object>(sql: string) => database.prepare<T>(sql);
  const seen = prepare<{ n: number }>(
    `SELECT count(*) AS n FROM activity WHERE LastSeen >= ? AND ${OWN_TIME}`,
  );
  const behind = prepare<UserRow>(
    `${USERS} WHERE Position IN
      (SELECT Position FROM accounts WHERE Position > ? ORDER BY Position LIMIT ${PAGE})
      GROUP BY Position ORDER BY Position`,
  );
  const called = prepare<UserRow>(
    `${USERS} WHERE UserName = ? GROUP BY Position`,
  );
  return {
    stats(since) {
      // Rows rise with the time.
      const oldest = value(
        "SELECT Arrived FROM messages ORDER BY rowid LIMIT 1",
      );
      return {
        users: Number(value("SELECT count(*) FROM accounts")),
        seen: since.map((time) => seen.get(time)?.n ?? 0),
        messages: Number(value("SELECT count(*) FROM messages")),
        // A content's length is known without reading it, what is behind it isn't.
        bytes: Number(value(
          `SELECT (SELECT coalesce(sum(length(Content)), 0) FROM messages) +
            (SELECT coalesce(sum(length(Content)), 0) FROM parts)`,
        )),
        oldest: oldest === undefined ? undefined : new Date(Number(oldest)),
        largestInboxes: prepare<{ messages: number }>(
          `SELECT count(*) AS messages FROM messages
            GROUP BY ToClient ORDER BY messages DESC LIMIT ${LARGEST_INBOXES}`,
        ).all().map(({ messages }) => messages),
        files: ["", "-wal"].flatMap((suffix) => {
          const bytes = statIfThere(path + suffix)?.size;
          return bytes === undefined
            ? []
            : [{ name: basename(path) + suffix, bytes }];
        }),
      };
    },
    usersBehind: (position) => behind.all(position),
    userCalled: (name) => called.get(name),
    countArrivedBefore: (before) =>
      Number(value(
        `SELECT count(*) FROM messages WHERE Arrived < ${before.getTime()}`,
      )),
  };
}
