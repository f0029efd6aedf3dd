import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { countProfiles, countUsers } from "../content_counts.ts";
import { inSlice, slicesOf, sumOverSlices } from "../key_slices.ts";
import { NOW, OWN_TIME } from "../schema.ts";
import { INBOX_OWNERS } from "../secure/tables.ts";
import {
  type AdminWork,
  LARGEST_INBOXES,
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
  } FROM accounts JOIN ${INBOX_OWNERS} USING (ID) WHERE ${inSlice("accounts")}`,
);

const inboxes = (table: "messages" | "mail", owner: string) =>
  sql(`SELECT ${owner}, count(*),
      sum(octet_length(Content) + Rest)::bigint, min(Arrived)
    FROM ${table} WHERE ${inSlice(table)} GROUP BY ${owner} ORDER BY ${owner}`);
const INBOXES = {
  messages: inboxes("messages", "ToClient"),
  mail: inboxes("mail", "Device"),
};

const SIZE = sql(
  "SELECT pg_database_size(current_database())",
);

const arrivedBefore = (table: "messages" | "mail") =>
  sql(`SELECT count(*) FROM ${table}
    WHERE ${inSlice(table)} AND Arrived < ${NOW} - $5::bigint`);
const ARRIVED_BEFORE = {
  messages: arrivedBefore("messages"),
  mail: arrivedBefore("mail"),
};

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
      const seen = await sumOverSlices(query, "accounts", SLICE, SEEN, since);
      const [size] = await query<[number]>(SIZE);
      const inboxes = await lookThrough(query, "messages");
      const mailboxes = await lookThrough(query, "mail");
      const largest = [...inboxes.largest, ...mailboxes.largest];
      const oldest = Math.min(inboxes.oldest, mailboxes.oldest);
      return {
        users,
        secured: await countProfiles(query),
        seen,
        messages: inboxes.messages + mailboxes.messages,
        mail: mailboxes.messages,
        bytes: inboxes.bytes + mailboxes.bytes,
        oldest: oldest === Infinity ? undefined : new Date(oldest),
        largestInboxes: largest.sort((a, b) => b - a).slice(0, LARGEST_INBOXES),
        files: [{ name, bytes: size?.[0] ?? 0 }],
      };
    },
    usersBehind: async (position) =>
      (await query<Columns>(USERS_BEHIND, [position])).map(userOf),
    userCalled: async (name) =>
      (await query<Columns>(USER_CALLED, [name])).map(userOf)[0],
    async countArrivedBefore(before) {
      const age = Date.now() - before.getTime();
      let count = 0;
      for (const table of ["messages", "mail"] as const) {
        const statement = ARRIVED_BEFORE[table];
        const [some = 0] = await sumOverSlices(query, table, SLICE, statement, [
          age,
        ]);
        count += some;
      }
      return count;
    },
  };
}

type InboxRow = [id: Uint8Array, messages: number, bytes: number, old: number];

/** What waits in all inboxes, or mailboxes. */
interface Waiting {
  messages: number;
  bytes: number;
  /** Arrival of the oldest message. */
  oldest: number;
  /** Number of messages in the largest. */
  largest: number[];
}

async function lookThrough(
  query: Query,
  table: "messages" | "mail",
): Promise<Waiting> {
  const total = { messages: 0, bytes: 0, oldest: Infinity };
  let largest: number[] = [];
  let inbox = { key: "", messages: 0 };
  const close = () => {
    if (inbox.messages === 0) return;
    largest = [...largest, inbox.messages].sort((a, b) => b - a)
      .slice(0, LARGEST_INBOXES);
  };
  for await (const slice of slicesOf(query, table, SLICE)) {
    for (const row of await query<InboxRow>(INBOXES[table], slice)) {
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
  return { ...total, largest };
}

/** Users that are read at a time: what waits for them is counted along. */
const PAGE = 10;

type Columns = [
  position: number,
  name: string,
  id: ClientId,
  lastSeen: string,
  isSecured: boolean,
  messages: number,
  bytes: number,
];

const SIZES = `count(*) AS messages,
  coalesce(sum(octet_length(Content) + Rest), 0)::bigint AS bytes`;

const usersIn = (found: string) =>
  `SELECT Position, UserName, found.ID, LastSeen,
      EXISTS (SELECT 1 FROM profiles WHERE profiles.ID = found.ID),
      inbox.messages + mailbox.messages, inbox.bytes + mailbox.bytes
    FROM (${found}) AS found JOIN ${INBOX_OWNERS} ON owners.ID = found.ID
    CROSS JOIN LATERAL (
      SELECT ${SIZES} FROM messages WHERE ToClient = found.ID
    ) AS inbox CROSS JOIN LATERAL (
      SELECT ${SIZES} FROM devices JOIN mail ON mail.Device = devices.Device
      WHERE devices.Account = found.ID
    ) AS mailbox ORDER BY Position`;

const USERS_BEHIND = sql(
  usersIn(
    `SELECT * FROM accounts WHERE Position > $1 ORDER BY Position LIMIT ${PAGE}`,
  ),
);

const USER_CALLED = sql(
  usersIn("SELECT * FROM accounts WHERE UserName = $1"),
);

function userOf(
  [position, name, id, lastSeen, isSecured, messages, bytes]: Columns,
): UserRow {
  return { position, name, id, lastSeen, isSecured, messages, bytes };
}
