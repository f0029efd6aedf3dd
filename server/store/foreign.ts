/**
 * Reads the database of another MessageU server. Of their tables only the
 * columns' names are common, and even the user's name is `Name` in some; the
 * types are anything (section 5 of the wire format).
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { decodeListedName } from "../../shared/names.ts";
import {
  CLIENT_ID_SIZE,
  MAX_MESSAGE_ID,
  PUBLIC_KEY_SIZE,
} from "../../shared/protocol.ts";
import { StoreError } from "./store.ts";

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
  const clients = database.prepare<
    ForeignRows["clients"][number] & { name: Uint8Array }
  >(
    `SELECT CAST(ID AS BLOB) AS id, CAST(${name} AS BLOB) AS name,
      CAST(PublicKey AS BLOB) AS publicKey,
      CASE WHEN typeof(LastSeen) IN ('integer', 'real')
        THEN strftime('%Y-%m-%dT%H:%M:%fZ', LastSeen, 'unixepoch')
        ELSE coalesce(CAST(LastSeen AS TEXT), '') END AS lastSeen
      FROM clients WHERE length(CAST(ID AS BLOB)) = ${CLIENT_ID_SIZE}
      AND length(CAST(PublicKey AS BLOB)) = ${PUBLIC_KEY_SIZE} ORDER BY rowid`,
  ).all().map((row) => ({ ...row, name: decodeListedName(row.name) }));
  const messages = database.prepare<ForeignRows["messages"][number]>(
    `SELECT CAST(ID AS INTEGER) AS id, CAST(ToClient AS BLOB) AS recipient,
      CAST(FromClient AS BLOB) AS sender, CAST(Type AS INTEGER) AS type,
      CAST(coalesce(Content, x'') AS BLOB) AS content
      FROM messages WHERE length(CAST(ToClient AS BLOB)) = ${CLIENT_ID_SIZE}
      AND length(CAST(FromClient AS BLOB)) = ${CLIENT_ID_SIZE}
      AND CAST(Type AS INTEGER) BETWEEN 1 AND 255
      AND CAST(ID AS INTEGER) < ${MAX_MESSAGE_ID} ORDER BY 1, rowid`,
  ).all();
  const number = (sql: string) =>
    database.prepare<{ n: number }>(sql).get()?.n ?? 0;
  return {
    clients,
    messages,
    lastMessage: columns("sqlite_sequence").length > 0
      ? number("SELECT seq AS n FROM sqlite_sequence WHERE name = 'messages'")
      : 0,
    unusable: number("SELECT count(*) AS n FROM clients") +
      number("SELECT count(*) AS n FROM messages") -
      clients.length - messages.length,
  };
}
