/**
 * Reads the database of another MessageU server. Of their tables only the
 * meaning of the columns is common: names are spelled in many ways, and the
 * types are anything (section 11 of docs/protocol.md).
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { decodeHex, encodeHex } from "@std/encoding";
import { decodeListedName } from "../../../../shared/wire/field_types.ts";
import {
  CLIENT_ID_SIZE,
  isMessageType,
  type MessageType,
  PUBLIC_KEY_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { StoreError } from "../../store.ts";
import { openDatabase } from "./database_file.ts";

/** The highest id that is taken over: it must leave room for those that follow. */
const MAX_TAKEN_ID = 0x7fffffff;

/** What another server kept, as far as it can stand on the wire. */
export interface ForeignRows {
  /** In the order in which they registered. */
  clients: {
    id: Uint8Array;
    name: string;
    publicKey: Uint8Array;
    lastSeen: string;
  }[];
  /** The oldest first. */
  messages: {
    id: number;
    recipient: Uint8Array;
    sender: Uint8Array;
    type: number;
    content: Uint8Array;
  }[];
  /** The highest message id that was ever given out. */
  lastMessage: number;
  /** Rows whose ids, keys or types can't stand on the wire. */
  unusable: number;
}

/**
 * Reads the file and leaves it as it is.
 *
 * @throws {StoreError} where it lacks a table or a column, with its name
 * @throws {Error} where it can't be read
 */
export function readForeignDatabase(path: string): ForeignRows {
  using opened = openDatabase(path, { readonly: true });
  return readRows(opened.database);
}

const words = (text: string): readonly string[] => text.split(" ");

/**
 * The columns that are read, and what servers call them: letters and digits
 * alone, so that `ToClient` and `to_client` are one. The surest comes first: a
 * plain `id` beside a `uuid` only counts rows.
 */
const COLUMNS = {
  clients: {
    id: words("clientid userid uuid uid id"),
    name: words("username name clientname"),
    publicKey: words("publickey pubkey key"),
    lastSeen: words("lastseen lastvisit lastlogin"),
  },
  messages: {
    id: words("msgid messageid id"),
    recipient: words(
      "toclient toclientid to toid touser recipient recipientid receiver receiverid dest destid destination target",
    ),
    sender: words(
      "fromclient fromclientid from fromid fromuser sender senderid source src",
    ),
    type: words("type msgtype messagetype"),
    content: words("content msgcontent messagecontent message data"),
  },
};

/** What the tables are called, in the way of {@linkcode COLUMNS}. */
const TABLES = {
  clients: ["clients", "client", "users", "user"],
  messages: ["messages", "message", "msgs"],
} as const;

/** Columns that may be missing. */
const OPTIONAL: readonly string[] = ["lastSeen"];

type Table = keyof typeof COLUMNS;

/** The quoted names of a table and its columns; those of columns that are missing are `NULL`. */
type Found<T extends Table> =
  & { readonly [C in keyof typeof COLUMNS[T]]: string }
  & { readonly table: string };

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** @throws {StoreError} where the table or one of its columns is missing */
function findTable<T extends Table>(database: Database, table: T): Found<T> {
  const names = database.prepare<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
  ).all().map((row) => row.name);
  const name = pick(names, TABLES[table]);
  if (name === undefined) {
    throw new StoreError(
      `it holds no users and messages of a MessageU server: a table ${table} is missing`,
    );
  }
  const columns = database.prepare<{ name: string }>(
    "SELECT name FROM pragma_table_info(?)",
  ).all(name).map((row) => row.name);
  const found = Object.entries<readonly string[]>(COLUMNS[table])
    .map(([key, names]) => {
      const column = pick(columns, names);
      if (column !== undefined) return [key, quoted(column)];
      if (OPTIONAL.includes(key)) return [key, "NULL"];
      throw new StoreError(
        `its table ${name} has no column for the ${
          describe(key)
        }: expected one of ${names.join(", ")}, got ${columns.join(", ")}`,
      );
    });
  return { ...Object.fromEntries(found), table: quoted(name) } as Found<T>;
}

function pick(
  there: readonly string[],
  wanted: readonly string[],
): string | undefined {
  return wanted.flatMap((name) => there.filter((it) => plain(it) === name))[0];
}

/** A column's key in words. */
function describe(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function readRows(database: Database): ForeignRows {
  const client = findTable(database, "clients");
  const message = findTable(database, "messages");
  const clients = database.prepare<ForeignClient>(
    `SELECT CAST(${client.id} AS BLOB) AS id, CAST(${client.name} AS BLOB) AS name,
      CAST(${client.publicKey} AS BLOB) AS publicKey,
      CASE WHEN typeof(${client.lastSeen}) IN ('integer', 'real')
        THEN coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', ${client.lastSeen}, 'unixepoch'), '')
        ELSE coalesce(CAST(${client.lastSeen} AS TEXT), '') END AS lastSeen
      FROM ${client.table}`,
  ).all();
  const messages = database.prepare<ForeignMessage>(
    `SELECT ${
      usableId(message.id)
    } AS id, CAST(${message.recipient} AS BLOB) AS recipient,
      CAST(${message.sender} AS BLOB) AS sender, CAST(${message.type} AS BLOB) AS type,
      CAST(coalesce(${message.content}, x'') AS BLOB) AS content
      FROM ${message.table} ORDER BY ${orderOf(message.id)}`,
  ).all();
  const rows = {
    clients: withoutRepeatedIds(clients.flatMap(usableClient)),
    messages: messages.flatMap(usableMessage),
    lastMessage: lastGivenOut(database, message.table),
  };
  const unusable = clients.length - rows.clients.length +
    messages.length - rows.messages.length;
  return { ...rows, unusable };
}

/** The highest id that SQLite itself has counted for a table. */
function lastGivenOut(database: Database, table: string): number {
  const [sequence] = database.prepare(
    "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'",
  ).all();
  if (sequence === undefined) return 0;
  return database.prepare<{ id: number }>(
    `SELECT ${usableId("seq")} AS id FROM sqlite_sequence
      WHERE ${quoted("name")} = ? COLLATE NOCASE`,
  ).get(table.slice(1, -1).replaceAll('""', '"'))?.id ?? 0;
}

type ForeignClient = Record<"id" | "name" | "publicKey", Uint8Array | null> & {
  lastSeen: string;
};
type ForeignMessage =
  & Record<"recipient" | "sender" | "type" | "content", Uint8Array | null>
  & { id: number };

/**
 * A message's id as a number in SQL, where it can be one, else 0: such a message
 * gets a new one. One of 4 bytes is as it stands on the wire.
 */
function usableId(column: string): string {
  const id = `CASE WHEN typeof(${column}) = 'blob' AND length(${column}) = 4
    THEN ${littleEndian(column)} ELSE CAST(${column} AS INTEGER) END`;
  return `CASE WHEN ${id} BETWEEN 1 AND ${MAX_TAKEN_ID} THEN ${id} ELSE 0 END`;
}

/** The order in which messages came: ids in bytes aren't in the order of their numbers. */
function orderOf(column: string): string {
  return `CASE WHEN typeof(${column}) = 'blob' THEN ${
    usableId(column)
  } ELSE ${column} END`;
}

/** The number of a column's 4 bytes, the lowest first. */
function littleEndian(column: string): string {
  return [0, 1, 2, 3].map((at) => {
    const digits = [0, 1].map((digit) =>
      `instr('123456789ABCDEF', substr(hex(${column}), ${
        2 * at + digit + 1
      }, 1)) * ${16 ** (2 * at + 1 - digit)}`
    );
    return digits.join(" + ");
  }).join(" + ");
}

/** The first of each id: a second one could never be reached. */
function withoutRepeatedIds(
  clients: ForeignRows["clients"],
): ForeignRows["clients"] {
  const ids = new Set<string>();
  return clients.filter(({ id }) => {
    const key = encodeHex(id);
    return !ids.has(key) && ids.add(key);
  });
}

function usableClient(row: ForeignClient): ForeignRows["clients"] {
  const id = usableClientId(row.id);
  const { name, publicKey, lastSeen } = row;
  if (id === undefined || name === null || publicKey === null) return [];
  if (publicKey.length > PUBLIC_KEY_SIZE) return [];
  const padded = new Uint8Array(PUBLIC_KEY_SIZE);
  padded.set(publicKey);
  return [{ id, name: decodeListedName(name), publicKey: padded, lastSeen }];
}

function usableMessage(row: ForeignMessage): ForeignRows["messages"] {
  const recipient = usableClientId(row.recipient);
  const sender = usableClientId(row.sender);
  const type = usableType(row.type);
  const { id, content } = row;
  return recipient && sender && type && content
    ? [{ id, recipient, sender, type, content }]
    : [];
}

/** 16 bytes, or the 32 hex digits of them, which may be grouped by dashes. */
function usableClientId(bytes: Uint8Array | null): Uint8Array | undefined {
  if (bytes?.length === CLIENT_ID_SIZE) return bytes;
  const text = new TextDecoder().decode(bytes ?? undefined)
    .replaceAll("-", "");
  return /^[0-9a-f]{32}$/i.test(text) ? decodeHex(text) : undefined;
}

/** A type as one byte, or as its digit. */
function usableType(bytes: Uint8Array | null): MessageType | undefined {
  const [byte = 0, more] = bytes ?? [];
  const type = byte >= 0x30 ? byte - 0x30 : byte;
  return more === undefined && isMessageType(type) ? type : undefined;
}
