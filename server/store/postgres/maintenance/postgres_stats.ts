/**
 * Figures of a store in a PostgreSQL database.
 *
 * @module
 */

import type { Query, Statement } from "../connection/database.ts";
import { inSlice, slicesOf } from "../key_slices.ts";
import { OWN_TIME } from "../schema.ts";
import type { StoreStats } from "../../admin_store.ts";

/** Inboxes that are told. */
const LARGEST = 5;
/** Rows that one statement looks at. */
const SLICE = 10_000;
/** Milliseconds. */
const DAY = 86_400_000;

const USERS: Statement = {
  name: "stats-users",
  text: `SELECT count(*) FROM accounts WHERE ${inSlice("accounts")}`,
};

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

/** Reads them, without keeping anybody waiting: so not all as of the same moment. */
export async function readStats(
  query: Query,
  name: string,
  now: Date,
): Promise<StoreStats> {
  const users = await countUsers(query);
  const [day = 0, week = 0, month = 0] = await countSeen(query, now);
  const [size] = await query<[number]>(SIZE);
  return {
    users,
    seenLastDay: day,
    seenLastWeek: week,
    seenLastMonth: month,
    ...await lookThroughInboxes(query),
    files: [{ name, bytes: size?.[0] ?? 0 }],
  };
}

async function countUsers(query: Query): Promise<number> {
  let users = 0;
  for await (const slice of slicesOf(query, "accounts", SLICE)) {
    const [row] = await query<[number]>(USERS, slice);
    users += row?.[0] ?? 0;
  }
  return users;
}

/** Who was seen within a day, 7 days and 30 days. */
async function countSeen(query: Query, now: Date): Promise<number[]> {
  const since = [1, 7, 30].map((days) =>
    new Date(now.getTime() - days * DAY).toISOString()
  );
  let seen = [0, 0, 0];
  for await (const slice of slicesOf(query, "activity", SLICE)) {
    const [row] = await query<number[]>(SEEN, [...slice, ...since]);
    seen = seen.map((sum, i) => sum + (row?.[i] ?? 0));
  }
  return seen;
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
