/**
 * The tables of the relay's SQLite file (section 5 of the wire format), how a
 * file of an older kind becomes one of ours, and what is refused.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { decodeListedName } from "../../shared/names.ts";
import { StoreError } from "./store.ts";

/** Kept in the file as `PRAGMA user_version`; 0 in files of other programs. */
export const SCHEMA_VERSION = 1;

// A table with a rowid and an index is 4.5 times as fast to fill as a table
// that is clustered on (ToClient, ID). LastMessage keeps ids from coming back
// once an inbox was emptied.
const TABLES = `
CREATE TABLE clients (
  ID BLOB NOT NULL UNIQUE,
  UserName TEXT NOT NULL UNIQUE,
  PublicKey BLOB NOT NULL,
  LastSeen TEXT NOT NULL,
  LastMessage INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE messages (
  ID INTEGER NOT NULL,
  ToClient BLOB NOT NULL,
  FromClient BLOB NOT NULL,
  Type INTEGER NOT NULL,
  Content BLOB NOT NULL
);
CREATE UNIQUE INDEX inbox ON messages (ToClient, ID);
`;

/**
 * Makes the file ready: creates the tables in an empty one, takes over those
 * of another MessageU server, and leaves ours as they are.
 *
 * @param backup makes a copy of the file before it is changed
 * @returns what the operator should know, where something was taken over
 * @throws {StoreError} where the file is of a newer version or of something else
 */
export function prepareSchema(
  database: Database,
  backup: () => string,
): string | undefined {
  const version = userVersion(database);
  if (version === SCHEMA_VERSION) return undefined;
  if (version !== 0) {
    throw new StoreError(
      `it has schema version ${version}, this relay knows ${SCHEMA_VERSION}: use the newer relay that wrote it`,
    );
  }
  const foreign = readForeignTables(database);
  const copy = foreign && backup();
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another relay may have been faster between the look and the lock.
    if (userVersion(database) === 0) {
      if (foreign !== undefined) {
        database.exec("DROP TABLE messages; DROP TABLE clients;");
      }
      database.exec(TABLES);
      if (foreign !== undefined) insertForeignRows(database, foreign);
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  return foreign &&
    `took over ${foreign.clients.length} users and ${foreign.messages.length} messages of another server` +
      (foreign.unusable > 0 ? ` (${foreign.unusable} rows are unusable)` : "") +
      `; the file as it was: ${copy}`;
}

function userVersion(database: Database): number {
  const sql = "PRAGMA user_version";
  return database.prepare<{ user_version: number }>(sql).get()?.user_version ??
    0;
}

interface ForeignRows {
  clients: {
    id: Uint8Array;
    name: Uint8Array;
    publicKey: Uint8Array;
    lastSeen: string;
  }[];
  messages: {
    id: number;
    recipient: Uint8Array;
    sender: Uint8Array;
    type: number;
    content: Uint8Array;
  }[];
  /** The highest message id that was ever given out. */
  lastMessage: number;
  /** Rows whose ids or types can't stand on the wire. */
  unusable: number;
}

/**
 * The rows of another server's tables. Of their columns only the names are
 * common, and even the user's name is `Name` in some; types are anything.
 */
function readForeignTables(database: Database): ForeignRows | undefined {
  const tables = database.prepare<{ name: string }>(
    "SELECT lower(name) AS name FROM sqlite_schema WHERE type = 'table'",
  ).all().map((row) => row.name);
  if (tables.length === 0) return undefined;
  const has = (table: string, ...names: string[]) => {
    const columns = database.prepare<{ name: string }>(
      `SELECT lower(name) AS name FROM pragma_table_info('${table}')`,
    ).all().map((row) => row.name);
    return names.every((name) => columns.includes(name));
  };
  const nameColumn = has("clients", "username") ? "username" : "name";
  if (
    !has("clients", "id", nameColumn, "publickey", "lastseen") ||
    !has("messages", "id", "toclient", "fromclient", "type", "content")
  ) {
    throw new StoreError(
      "it is a database, but not a MessageU server's: name another file with --db",
    );
  }
  const clients = database.prepare<ForeignRows["clients"][number]>(
    `SELECT CAST(ID AS BLOB) AS id, CAST(${nameColumn} AS BLOB) AS name,
      CAST(coalesce(PublicKey, x'') AS BLOB) AS publicKey,
      CASE WHEN typeof(LastSeen) IN ('integer', 'real')
        THEN strftime('%Y-%m-%dT%H:%M:%fZ', LastSeen, 'unixepoch')
        ELSE coalesce(CAST(LastSeen AS TEXT), '') END AS lastSeen
      FROM clients WHERE length(CAST(ID AS BLOB)) = 16 ORDER BY rowid`,
  ).all();
  const messages = database.prepare<ForeignRows["messages"][number]>(
    `SELECT CAST(ID AS INTEGER) AS id, CAST(ToClient AS BLOB) AS recipient,
      CAST(FromClient AS BLOB) AS sender, CAST(Type AS INTEGER) AS type,
      CAST(coalesce(Content, x'') AS BLOB) AS content
      FROM messages WHERE length(CAST(ToClient AS BLOB)) = 16
      AND length(CAST(FromClient AS BLOB)) = 16
      AND CAST(Type AS INTEGER) BETWEEN 0 AND 255 ORDER BY 1, rowid`,
  ).all();
  const count = (sql: string) =>
    database.prepare<{ n: number | null }>(sql).get()?.n ?? 0;
  return {
    clients,
    messages,
    lastMessage: tables.includes("sqlite_sequence")
      ? count("SELECT seq AS n FROM sqlite_sequence WHERE name = 'messages'")
      : 0,
    unusable: count("SELECT count(*) AS n FROM clients") +
      count("SELECT count(*) AS n FROM messages") -
      clients.length - messages.length,
  };
}

function insertForeignRows(database: Database, rows: ForeignRows): void {
  const message = database.prepare(
    "INSERT INTO messages (ID, ToClient, FromClient, Type, Content) VALUES (?, ?, ?, ?, ?)",
  );
  let id = 0;
  for (const row of rows.messages) {
    id = Math.max(id + 1, row.id);
    message.run(id, row.recipient, row.sender, row.type, row.content);
  }
  const client = database.prepare(
    "INSERT INTO clients (ID, UserName, PublicKey, LastSeen, LastMessage) VALUES (?, ?, ?, ?, ?)",
  );
  const lastMessage = Math.max(id, rows.lastMessage);
  for (const row of rows.clients) {
    const name = decodeListedName(row.name);
    client.run(row.id, name, row.publicKey, row.lastSeen, lastMessage);
  }
}
