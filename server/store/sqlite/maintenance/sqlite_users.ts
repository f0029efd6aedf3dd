/**
 * The users of a SQLite store.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import type { UserInfo } from "../../admin_store.ts";

/** Users that are read at a time, so that no reading holds the relay's log for long. */
const PAGE = 500;

type UserRow = Omit<UserInfo, "id"> & { id: Uint8Array; position: number };

const USERS = `SELECT Position AS position, UserName AS name,
  accounts.ID AS id, LastSeen AS lastSeen, count(messages.ID) AS messages,
  coalesce(sum(length(Content) + Rest), 0) AS bytes
  FROM accounts JOIN activity USING (Position)
  LEFT JOIN messages ON ToClient = accounts.ID`;

/** Everybody, in the order in which they registered. */
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
