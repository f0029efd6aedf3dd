/**
 * The users of a store in a PostgreSQL database.
 *
 * @module
 */

import type { Query, Statement } from "../connection/database.ts";
import type { UserInfo } from "../../admin_store.ts";

/** Users that are read at a time: what waits for them is counted along. */
const PAGE = 10;

type UserRow = [
  position: number,
  name: string,
  id: Uint8Array,
  lastSeen: string,
  messages: number,
  bytes: number,
];

const usersIn = (found: string) =>
  `SELECT Position, UserName, found.ID, LastSeen, messages, bytes
    FROM (${found}) AS found JOIN activity ON activity.ID = found.ID
    CROSS JOIN LATERAL (
      SELECT count(*) AS messages,
        coalesce(sum(octet_length(Content) + Rest), 0)::bigint AS bytes
      FROM messages WHERE ToClient = found.ID
    ) AS waiting ORDER BY Position`;

const BEHIND: Statement = {
  name: "users-behind",
  text: usersIn(
    `SELECT * FROM accounts WHERE Position > $1 ORDER BY Position LIMIT ${PAGE}`,
  ),
};

const CALLED: Statement = {
  name: "user-called",
  text: usersIn("SELECT * FROM accounts WHERE UserName = $1"),
};

/** Everybody, in the order in which they registered. */
export async function* readUsers(query: Query): AsyncGenerator<UserInfo> {
  for (let last = 0;;) {
    const rows = await query<UserRow>(BEHIND, [last]);
    yield* rows.map(infoOf);
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end[0];
  }
}

/** The user of a name, with its id as bytes; or undefined. */
export async function findUser(
  query: Query,
  name: string,
): Promise<{ info: UserInfo; id: Uint8Array } | undefined> {
  const [row] = await query<UserRow>(CALLED, [name]);
  return row === undefined ? undefined : { info: infoOf(row), id: row[2] };
}

function infoOf(
  [, name, id, lastSeen, messages, bytes]: UserRow,
): UserInfo {
  return { name, id: id.toHex(), lastSeen, messages, bytes };
}
