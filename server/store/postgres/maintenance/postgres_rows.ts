import { concat } from "@std/bytes";
import { CLIENT_ID_SIZE } from "../../../../shared/wire/protocol.ts";
import { inSlice, keyOf, slicesOf } from "../key_slices.ts";
import { INBOX_OWNERS } from "../secure/tables.ts";
import { StoreError } from "../../store.ts";
import {
  columnsOf,
  rowOf,
  type StoreRow,
  type StoreTable,
} from "../../store_rows.ts";
import { ArrivalOrder, type MessageKey } from "./arrival_order.ts";
import { type Query, sql } from "../connection/statement.ts";

/** Users that are read at a time. */
const USERS = 500;
/** Keys of messages that are read at a time. */
const KEYS = 10_000;
/** Messages that are read at a time, and bytes of contents in their rows, about. */
const MESSAGES = 500;
const BYTES = 4 * 1024 * 1024;
/** Rows with contents that are read at a time; each may have a MiB. */
const PARTS = 4;
/** Rows of secure accounts that are read at a time: a record has 23 KiB at most. */
const ROWS = 500;

/** The columns of a table in SQL. */
const columns = (table: StoreTable) =>
  columnsOf(table).map(({ name }) => `${table}.${name}`);

const ACCOUNTS = sql(`SELECT ${columns("accounts")}, LastSeen, LastMessage
    FROM accounts LEFT JOIN ${INBOX_OWNERS} ON owners.ID = accounts.ID
    WHERE Position > $1 ORDER BY Position LIMIT ${USERS}`);

const ARRIVALS = sql(
  `SELECT ToClient, ID, octet_length(Content), Arrived FROM messages
    WHERE ${inSlice("messages")} ORDER BY ToClient, ID`,
);

const MESSAGES_OF = sql(`SELECT ${columns("messages")} FROM (
      SELECT substring($1::bytea FROM (n::int - 1) * ${CLIENT_ID_SIZE} + 1 FOR ${CLIENT_ID_SIZE}) AS recipient, id, n
      FROM unnest($2::bigint[]) WITH ORDINALITY AS u (id, n)
    ) AS keys JOIN messages ON ToClient = recipient AND messages.ID = keys.id
    ORDER BY n`);

/** The tables that are read in the order of their keys, with the rows read at a time. */
const BY_KEY = {
  parts: PARTS,
  profiles: ROWS,
  devices: ROWS,
  packages: ROWS,
  taken: ROWS,
  mail: PARTS,
  mail_parts: PARTS,
} as const;

/**
 * All rows of a PostgreSQL database, as a SQLite file has them: first users,
 * numbered anew from 1, then messages as they arrived, then
 * their parts, then secure accounts. They are as of one moment in a transaction that reads so.
 *
 * @throws {StoreError} if the database doesn't hold the messages that it listed
 */
export async function* readRows(query: Query): AsyncGenerator<StoreRow> {
  yield* readUsers(query);
  yield* readMessages(query);
  for (const [table, size] of Object.entries(BY_KEY)) {
    yield* readByKey(query, table as keyof typeof BY_KEY, size);
  }
}

async function* readUsers(query: Query): AsyncGenerator<StoreRow> {
  let place = 0;
  for (let last = -1;;) {
    const rows = await query<[position: number, ...unknown[]]>(ACCOUNTS, [
      last,
    ]);
    for (const [, ...values] of rows) {
      const position = ++place;
      yield rowOf("accounts", [position, ...values]);
      const activity = values.slice(-2);
      if (!activity.includes(null)) {
        yield rowOf("activity", [position, ...activity]);
      }
    }
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end[0];
  }
}

async function* readMessages(query: Query): AsyncGenerator<StoreRow> {
  const order = await readArrivals(query);
  for (const keys of batchesOf(order.sorted())) {
    const recipients = concat(keys.map(({ recipient }) => recipient));
    const ids = keys.map(({ id }) => id);
    const rows = await query(MESSAGES_OF, [recipients, ids]);
    if (rows.length !== keys.length) {
      throw new StoreError(
        `it has ${rows.length} of ${keys.length} messages: check it`,
      );
    }
    yield* rows.map((values) => rowOf("messages", values));
  }
}

async function readArrivals(query: Query): Promise<ArrivalOrder> {
  const order = new ArrivalOrder();
  for await (const slice of slicesOf(query, "messages", KEYS)) {
    const rows = await query<[Uint8Array, number, number, number]>(
      ARRIVALS,
      slice,
    );
    for (const [recipient, id, size, arrived] of rows) {
      order.add({ recipient, id, size }, arrived);
    }
  }
  return order;
}

function* batchesOf(keys: Iterable<MessageKey>): Generator<MessageKey[]> {
  let batch: MessageKey[] = [];
  let bytes = 0;
  for (const key of keys) {
    batch.push(key);
    bytes += key.size;
    if (batch.length < MESSAGES && bytes < BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function* readByKey(
  query: Query,
  table: keyof typeof BY_KEY,
  size: number,
): AsyncGenerator<StoreRow> {
  const statement = sql(
    `SELECT ${columns(table)} FROM ${table} WHERE ${inSlice(table)}
      ORDER BY ${keyOf(table)}`,
  );
  for await (const slice of slicesOf(query, table, size)) {
    const rows = await query(statement, slice);
    yield* rows.map((values) => rowOf(table, values));
  }
}
