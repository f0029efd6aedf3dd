import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { countUsers } from "../content_counts.ts";
import { inSlice, slicesOf, sumOverSlices } from "../key_slices.ts";
import { NOW, OWN_TIME } from "../schema.ts";
import {
  type AdminWork,
  LARGEST_INBOXES,
  type StoreStats,
  type UserRow,
} from "../../admin_store.ts";
import { type Query, sql } from "../connection/statement.ts";

/** Rows that one statement looks at. */
const SLICE = 10_000;

// Times have one form, so that they are in the order of their bytes.
const SEEN = sql(
  `SELECT ${
    [3, 4, 5].map((n) =>
      `count(*) FILTER (WHERE LastSeen >= $${n} COLLATE "C" AND ${OWN_TIME})`
    )
  } FROM activity WHERE ${inSlice("activity")}`,
);

const INBOXES = sql(`SELECT ToClient, count(*),
      sum(octet_length(Content) + Rest)::bigint, min(Arrived)
    FROM messages WHERE ${inSlice("messages")}
    GROUP BY ToClient ORDER BY ToClient`);

const SIZE = sql(
  "SELECT pg_database_size(current_database())",
);

const ARRIVED_BEFORE = sql(`SELECT count(*) FROM messages
    WHERE ${inSlice("messages")} AND Arrived < ${NOW} - $5::bigint`);

/**
 * The reports on a PostgreSQL database. They block no relay, so not all is as
 * of one moment.
 */
export function reports(
  query: Query,
  name: string,
): Pick<
  AdminWork,
  "stats" | "usersBehind" | "userCalled" | "countArrivedBefore"
> {
  return {
    async stats(since) {
      const users = await countUsers(query);
      const seen = await sumOverSlices(query, "activity", SLICE, SEEN, since);
      const [size] = await query<[number]>(SIZE);
      const inboxes = await lookThroughInboxes(query);
      return {
        users,
        secured: 0,
        mail: 0,
        seen,
        ...inboxes,
        files: [{ name, bytes: size?.[0] ?? 0 }],
      };
    },
    usersBehind: async (position) =>
      (await query<Columns>(USERS_BEHIND, [position])).map(userOf),
    userCalled: async (name) =>
      (await query<Columns>(USER_CALLED, [name])).map(userOf)[0],
    async countArrivedBefore(before) {
      const age = Date.now() - before.getTime();
      const [count = 0] = await sumOverSlices(
        query,
        "messages",
        SLICE,
        ARRIVED_BEFORE,
        [age],
      );
      return count;
    },
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
      .slice(0, LARGEST_INBOXES);
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

type Columns = [
  position: number,
  name: string,
  id: ClientId,
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

const USERS_BEHIND = sql(
  usersIn(
    `SELECT * FROM accounts WHERE Position > $1 ORDER BY Position LIMIT ${PAGE}`,
  ),
);

const USER_CALLED = sql(
  usersIn("SELECT * FROM accounts WHERE UserName = $1"),
);

function userOf(
  [position, name, id, lastSeen, messages, bytes]: Columns,
): UserRow {
  return { position, name, id, lastSeen, isSecured: false, messages, bytes };
}
