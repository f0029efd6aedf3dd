/**
 * Figures and users of a store in a PostgreSQL database.
 *
 * @module
 */

import type { Query, Statement } from "../connection/database.ts";
import { countUsers } from "../content_counts.ts";
import { inSlice, slicesOf, sumOverSlices } from "../key_slices.ts";
import { OWN_TIME } from "../schema.ts";
import type { StoreStats, UserInfo } from "../../admin_store.ts";

/** Inboxes that are told. */
const LARGEST = 5;
/** Rows that one statement looks at. */
const SLICE = 10_000;
/** Milliseconds. */
const DAY = 86_400_000;

// Times have one form, so that they are in the order of their bytes.
const SEEN: Statement = {
  name: "stats-seen",
  text: `SELECT ${
    [3, 4, 5].map((n) =>
      `count(*) FILTER (WHERE LastSeen >= $${n} COLLATE "C" AND ${OWN_TIME})`
    )
  } FROM activity WHERE ${inSlice("activity")}`,
};

const INBOXES: Statement = {
  name: "stats-inboxes",
  text: `SELECT ToClient, count(*),
      sum(octet_length(Content) + Rest)::bigint, min(Arrived)
    FROM messages WHERE ${inSlice("messages")}
    GROUP BY ToClient ORDER BY ToClient`,
};

const SIZE: Statement = {
  name: "stats-size",
  text: "SELECT pg_database_size(current_database())",
};

/** Reads figures without blocking relays: so not all are as of one moment. */
export async function readStats(
  query: Query,
  name: string,
  now: Date,
): Promise<StoreStats> {
  const users = await countUsers(query);
  const since = [1, 7, 30].map((days) =>
    new Date(now.getTime() - days * DAY).toISOString()
  );
  const [seenLastDay = 0, seenLastWeek = 0, seenLastMonth = 0] =
    await sumOverSlices(query, "activity", SLICE, SEEN, since);
  const [size] = await query<[number]>(SIZE);
  return {
    users,
    seenLastDay,
    seenLastWeek,
    seenLastMonth,
    ...await lookThroughInboxes(query),
    files: [{ name, bytes: size?.[0] ?? 0 }],
  };
}

type InboxRow = [id: Uint8Array, messages: number, bytes: number, old: number];

async function lookThroughInboxes(
  query: Query,
): Promise<
  Pick<StoreStats, "messages" | "bytes" | "oldest" | "largestInboxes">
> {
  const total = { messages: 0, bytes: 0, oldest: Infinity };
  let largest: number[] = [];
  let inbox = { key: "", messages: 0 };
  const close = () => {
    if (inbox.messages === 0) return;
    largest = [...largest, inbox.messages].sort((a, b) => b - a)
      .slice(0, LARGEST);
  };
  for await (const slice of slicesOf(query, "messages", SLICE)) {
    for (const row of await query<InboxRow>(INBOXES, slice)) {
      const [id, messages, bytes, oldest] = row;
      total.messages += messages;
      total.bytes += bytes;
      total.oldest = Math.min(total.oldest, oldest);
      // A large inbox is in several slices.
      const key = id.toHex();
      if (inbox.key === key) inbox.messages += messages;
      else {
        close();
        inbox = { key, messages };
      }
    }
  }
  close();
  return {
    messages: total.messages,
    bytes: total.bytes,
    oldest: total.messages === 0 ? undefined : new Date(total.oldest),
    largestInboxes: largest,
  };
}

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

const USERS_BEHIND: Statement = {
  name: "users-behind",
  text: usersIn(
    `SELECT * FROM accounts WHERE Position > $1 ORDER BY Position LIMIT ${PAGE}`,
  ),
};

const USER_CALLED: Statement = {
  name: "user-called",
  text: usersIn("SELECT * FROM accounts WHERE UserName = $1"),
};

/** All users, in the order in which they registered. */
export async function* readUsers(query: Query): AsyncGenerator<UserInfo> {
  for (let last = 0;;) {
    const rows = await query<UserRow>(USERS_BEHIND, [last]);
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
  const [row] = await query<UserRow>(USER_CALLED, [name]);
  return row === undefined ? undefined : { info: infoOf(row), id: row[2] };
}

function infoOf(
  [, name, id, lastSeen, messages, bytes]: UserRow,
): UserInfo {
  return { name, id: id.toHex(), lastSeen, messages, bytes };
}
