/**
 * The tables of the relay's SQLite file (section 5 of docs/protocol.md).
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import type { ForeignRows } from "./foreign.ts";
import { StoreError } from "./store.ts";

/** Kept in the file as `PRAGMA user_version`; 0 in files of other programs. */
const SCHEMA_VERSION = 2;

/** Bytes of a message's content that stand in its row; the rest stands in parts of this size. */
export const PART_SIZE = 1024 * 1024;

/** Bytes of pages that a connection to the file keeps at most. */
const CACHE_SIZE = 8 * 1024 * 1024;

/** Milliseconds to wait for another process that holds the file. */
const BUSY_TIMEOUT = 5000;

/** Sets what holds for a connection, not for the file. */
export function configure(database: Database): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  // What is acknowledged must outlive a power failure, not only a crash.
  database.exec("PRAGMA synchronous = FULL");
  database.exec(`PRAGMA cache_size = -${CACHE_SIZE / 1024}`);
  // No file is opened later on, when descriptors may have run out.
  database.exec("PRAGMA temp_store = MEMORY");
}

// A table with a rowid and an index is 4.5 times as fast to fill as a table
// that is clustered on (ToClient, ID). LastMessage keeps ids from coming back
// once an inbox was emptied. A large content is in parts, so that it can go out
// piece by piece: Rest says how many bytes of it are in them.
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
  Content BLOB NOT NULL,
  Rest INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX inbox ON messages (ToClient, ID);
`;

const PARTS = `
CREATE TABLE parts (
  ToClient BLOB NOT NULL,
  ID INTEGER NOT NULL,
  Part INTEGER NOT NULL,
  Content BLOB NOT NULL
);
CREATE UNIQUE INDEX part ON parts (ToClient, ID, Part);
`;

/** What makes each older version into the next one. */
const MIGRATIONS: Readonly<Record<number, string>> = {
  1: `ALTER TABLE messages ADD COLUMN Rest INTEGER NOT NULL DEFAULT 0; ${PARTS}`,
};

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
  if (version(database) === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another relay may have been faster between the look and the lock.
    const found = version(database);
    if (found === 0) {
      database.exec(TABLES + PARTS);
      const foreign = rows();
      if (foreign !== undefined) insertRows(database, foreign);
    }
    for (let step = found || SCHEMA_VERSION; step < SCHEMA_VERSION; step++) {
      database.exec(MIGRATIONS[step] ?? "");
    }
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** The file's schema version; 0 for an empty file. */
function version(database: Database): number {
  const { user_version: version = 0 } = database.prepare<
    { user_version: number }
  >("PRAGMA user_version").get() ?? {};
  if (version > SCHEMA_VERSION || version < 0) {
    throw new StoreError(
      `it has schema version ${version}, this relay knows ${SCHEMA_VERSION}: use the newer relay that wrote it`,
    );
  }
  if (version > 0) return version;
  const tables = database.prepare("SELECT 1 FROM sqlite_schema").all();
  if (tables.length > 0) {
    throw new StoreError(
      "it isn't this relay's. If another MessageU server made it, call it defensive.db " +
        "and start without --db: its users and messages are taken over into a new file",
    );
  }
  return 0;
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
