/**
 * Reads the database of another MessageU server. Of their tables only the
 * columns' names are common, and even the user's name is `Name` in some; the
 * types are anything (section 11 of docs/protocol.md).
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { decodeHex, encodeHex } from "@std/encoding";
import { decodeListedName } from "../../shared/names.ts";
import {
  CLIENT_ID_SIZE,
  isMessageType,
  type MessageType,
  PUBLIC_KEY_SIZE,
} from "../../shared/protocol.ts";
import { StoreError } from "./store.ts";

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
 * @throws {StoreError} where it holds no such tables
 * @throws {Error} where it can't be read
 */
export function readForeignDatabase(path: string): ForeignRows {
  const database = new Database(path, { readonly: true, int64: true });
  try {
    return readRows(database);
  } finally {
    database.close();
  }
}

function readRows(database: Database): ForeignRows {
  const columns = (table: string) =>
    database.prepare<{ name: string }>(
      `SELECT lower(name) AS name FROM pragma_table_info('${table}')`,
    ).all().map((row) => row.name);
  const has = (table: string, ...names: string[]) => {
    const there = columns(table);
    return names.every((name) => there.includes(name));
  };
  const name = has("clients", "username") ? "username" : "name";
  if (
    !has("clients", "id", name, "publickey", "lastseen") ||
    !has("messages", "id", "toclient", "fromclient", "type", "content")
  ) {
    throw new StoreError(
      "it holds no users and messages of a MessageU server",
    );
  }
  const clients = database.prepare<ForeignClient>(
    `SELECT CAST(ID AS BLOB) AS id, CAST(${name} AS BLOB) AS name,
      CAST(PublicKey AS BLOB) AS publicKey,
      CASE WHEN typeof(LastSeen) IN ('integer', 'real')
        THEN coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', LastSeen, 'unixepoch'), '')
        ELSE coalesce(CAST(LastSeen AS TEXT), '') END AS lastSeen
      FROM clients`,
  ).all();
  const messages = database.prepare<ForeignMessage>(
    `SELECT ${usableId("ID")} AS id, CAST(ToClient AS BLOB) AS recipient,
      CAST(FromClient AS BLOB) AS sender, CAST(Type AS BLOB) AS type,
      CAST(coalesce(Content, x'') AS BLOB) AS content FROM messages ORDER BY messages.ID`,
  ).all();
  const hasSequence = columns("sqlite_sequence").length > 0;
  const last = hasSequence
    ? database.prepare<{ id: number }>(
      `SELECT ${usableId("seq")} AS id FROM sqlite_sequence
        WHERE lower(name) = 'messages'`,
    ).get()?.id
    : 0;
  const rows = {
    clients: withoutRepeatedIds(clients.flatMap(usableClient)),
    messages: messages.flatMap(usableMessage),
    lastMessage: last ?? 0,
  };
  const unusable = clients.length - rows.clients.length +
    messages.length - rows.messages.length;
  return { ...rows, unusable };
}

type ForeignClient = Record<"id" | "name" | "publicKey", Uint8Array | null> & {
  lastSeen: string;
};
type ForeignMessage =
  & Record<"recipient" | "sender" | "type" | "content", Uint8Array | null>
  & { id: number };

/** An integer in SQL that can be a message's id, else 0: such a message gets a new one. */
function usableId(column: string): string {
  const id = `CAST(${column} AS INTEGER)`;
  return `CASE WHEN ${id} BETWEEN 1 AND ${MAX_TAKEN_ID} THEN ${id} ELSE 0 END`;
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

/** 16 bytes, or the 32 hex digits of them. */
function usableClientId(bytes: Uint8Array | null): Uint8Array | undefined {
  if (bytes?.length === CLIENT_ID_SIZE) return bytes;
  const text = new TextDecoder().decode(bytes ?? undefined);
  return /^[0-9a-f]{32}$/i.test(text) ? decodeHex(text) : undefined;
}

/** A type as one byte, or as its digit. */
function usableType(bytes: Uint8Array | null): MessageType | undefined {
  const [byte = 0, more] = bytes ?? [];
  const type = byte >= 0x30 ? byte - 0x30 : byte;
  return more === undefined && isMessageType(type) ? type : undefined;
}
