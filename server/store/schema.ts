/**
 * The tables of the relay's SQLite file (section 5 of docs/protocol.md).
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import type { ForeignRows } from "./foreign.ts";
import { StoreError } from "./store.ts";

/** Kept in the file as `PRAGMA user_version`; 0 in files of other programs. */
const SCHEMA_VERSION = 1;

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
 * Makes the file ready: creates the tables in an empty one, filled with what
 * another server kept, and leaves ours as they are. All of it or nothing.
 *
 * @param rows reads what is to be taken over; asked for an empty file only
 * @throws {StoreError} where the file is of a newer version or isn't a relay's
 */
export function prepareSchema(
  database: Database,
  rows: () => ForeignRows | undefined,
): void {
  if (isReady(database)) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another relay may have been faster between the look and the lock.
    if (!isReady(database)) {
      database.exec(TABLES);
      const foreign = rows();
      if (foreign !== undefined) insertRows(database, foreign);
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function isReady(database: Database): boolean {
  const version = database.prepare<{ user_version: number }>(
    "PRAGMA user_version",
  ).get()?.user_version;
  if (version === SCHEMA_VERSION) return true;
  if (version !== 0) {
    throw new StoreError(
      `it has schema version ${version}, this relay knows ${SCHEMA_VERSION}: use the newer relay that wrote it`,
    );
  }
  const tables = database.prepare("SELECT 1 FROM sqlite_schema").all();
  if (tables.length > 0) {
    throw new StoreError(
      "it isn't this relay's. If another MessageU server made it, call it defensive.db " +
        "and start without --db: its users and messages are taken over into a new file",
    );
  }
  return false;
}

function insertRows(database: Database, rows: ForeignRows): void {
  const message = database.prepare(
    "INSERT INTO messages (ID, ToClient, FromClient, Type, Content) VALUES (?, ?, ?, ?, ?)",
  );
  let id = 0;
  for (const row of rows.messages) {
    id = Math.max(id + 1, row.id);
    message.run(id, row.recipient, row.sender, row.type, row.content);
  }
  // An id that the other server gave out may still be known to a client.
  const lastMessage = Math.max(id, rows.lastMessage);
  const client = database.prepare(
    "INSERT INTO clients (ID, UserName, PublicKey, LastSeen, LastMessage) VALUES (?, ?, ?, ?, ?)",
  );
  const names = new Set<string>();
  for (const row of rows.clients) {
    // Some servers let several register under one name; all of them get mail.
    let name = row.name;
    for (let n = 2; names.has(name); n++) name = `${row.name}~${n}`;
    names.add(name);
    client.run(row.id, name, row.publicKey, row.lastSeen, lastMessage);
  }
}
