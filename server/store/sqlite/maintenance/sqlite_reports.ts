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

/** What waits for an account, in its inbox and its devices' mailboxes. */
const waiting = (what: string) =>
  `(SELECT ${what} FROM messages WHERE ToClient = accounts.ID) +
    (SELECT ${what} FROM devices CROSS JOIN mail USING (Device)
      WHERE devices.Account = accounts.ID)`;
const SIZES = "coalesce(sum(length(Content) + Rest), 0)";

const USERS = `SELECT Position AS position, UserName AS name,
  accounts.ID AS id, LastSeen AS lastSeen,
  EXISTS (SELECT 1 FROM profiles WHERE profiles.ID = accounts.ID) AS isSecured,
  ${waiting("count(*)")} AS messages, ${waiting(SIZES)} AS bytes
  FROM accounts JOIN activity USING (Position)`;

/** A user as SQLite tells it. */
type Columns = Omit<UserRow, "isSecured"> & { isSecured: number };

const userOf = (row: Columns): UserRow => ({
  ...row,
  isSecured: row.isSecured !== 0,
});

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
  const behind = prepare<Columns>(
    `${USERS} WHERE Position > ? ORDER BY Position LIMIT ${PAGE}`,
  );
  const called = prepare<Columns>(`${USERS} WHERE UserName = ?`);
  return {
    stats(since) {
      // Rows rise with the time.
      const oldest = value(
        `SELECT min(Arrived) FROM (
          SELECT * FROM (SELECT Arrived FROM messages ORDER BY rowid LIMIT 1)
          UNION ALL
          SELECT * FROM (SELECT Arrived FROM mail ORDER BY rowid LIMIT 1))`,
      );
      const mail = Number(value("SELECT count(*) FROM mail"));
      return {
        users: Number(value("SELECT count(*) FROM accounts")),
        seen: since.map((time) => seen.get(time)?.n ?? 0),
        secured: Number(value("SELECT count(*) FROM profiles")),
        mail,
        messages: mail + Number(value("SELECT count(*) FROM messages")),
        // A content's length is known without reading it, what is behind it isn't.
        bytes: Number(value(
          `SELECT ${
            ["messages", "parts", "mail", "mail_parts"]
              .map((table) =>
                `(SELECT coalesce(sum(length(Content)), 0) FROM ${table})`
              ).join(" + ")
          }`,
        )),
        oldest: oldest === null ? undefined : new Date(Number(oldest)),
        largestInboxes: prepare<{ messages: number }>(
          `SELECT count(*) AS messages FROM messages GROUP BY ToClient
            UNION ALL SELECT count(*) FROM mail GROUP BY Device
            ORDER BY messages DESC LIMIT ${LARGEST_INBOXES}`,
        ).all().map(({ messages }) => messages),
        files: ["", "-wal"].flatMap((suffix) => {
          const bytes = statIfThere(path + suffix)?.size;
          return bytes === undefined
            ? []
            : [{ name: basename(path) + suffix, bytes }];
        }),
      };
    },
    usersBehind: (position) => behind.all(position).map(userOf),
    userCalled: (name) => called.all(name).map(userOf)[0],
    countArrivedBefore: (before) =>
      Number(value(
        `SELECT
          (SELECT count(*) FROM messages WHERE Arrived < ${before.getTime()}) +
          (SELECT count(*) FROM mail WHERE Arrived < ${before.getTime()})`,
      )),
  };
}
