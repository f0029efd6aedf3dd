/**
 * The tables of the client's store.
 *
 * @module
 */

import { type BindValue, Database } from "@db/sqlite";
import { FolderError } from "../errors.ts";

/** What rows are read from. */
export interface RowSource {
  /** All rows of a query. */
  rows<T extends object>(sql: string, ...params: BindValue[]): T[];
}

/** Reads rows from an open database. */
export function rowSource(database: Database): RowSource {
  return {
    rows: <T extends object>(sql: string, ...params: BindValue[]) =>
      database.prepare(sql).all<T>(...params),
  };
}

/** A table, an index, or whatever else a database may consist of. */
export interface SchemaPart {
  /** `table`, `index`, `view` or `trigger`. */
  type: string;
  /** What it is called. */
  name: string;
  /** What made it; null where that was another part. */
  sql: string | null;
}

/** Kept in the file as `PRAGMA user_version`. */
const SCHEMA_VERSION = 1;

// A contact is an id; the relay's list gives it a name. Another client listed
// under a known contact's name `succeeds` that one once the user accepts it. A key belongs to the identity that it was exchanged under. Texts
// are bytes, since SQLite's own text ends at a NUL. Times are milliseconds since
// 1970. `seen` tells a received message from its repeats: 32 bytes while the
// relay may hand it out again, with its number behind them once that is over but
// it may still turn out to be something else, then null. `sender` is the token of
// the client that is sending it.
const TABLES = `
CREATE TABLE contacts (
  contact INTEGER PRIMARY KEY,
  clientId BLOB NOT NULL UNIQUE,
  name TEXT,
  listed INTEGER NOT NULL DEFAULT 0,
  retired INTEGER NOT NULL DEFAULT 0,
  succeeds INTEGER REFERENCES contacts,
  publicKey BLOB,
  offeredKey BLOB,
  toldKey BLOB,
  sendingKey INTEGER REFERENCES keys
);
CREATE INDEX contactNames ON contacts (name);
CREATE UNIQUE INDEX nameOwners ON contacts (name) WHERE retired = 0 AND succeeds IS NULL;
CREATE INDEX claims ON contacts (succeeds) WHERE succeeds IS NOT NULL;
CREATE TABLE keys (
  key INTEGER PRIMARY KEY,
  contact INTEGER NOT NULL REFERENCES contacts,
  owner BLOB NOT NULL,
  bytes BLOB NOT NULL,
  time INTEGER NOT NULL,
  UNIQUE (contact, owner, bytes)
);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  contact INTEGER NOT NULL REFERENCES contacts,
  outgoing INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text BLOB,
  path TEXT,
  size INTEGER NOT NULL DEFAULT 0,
  doubtful INTEGER NOT NULL DEFAULT 0,
  relayMessageId INTEGER,
  seen BLOB UNIQUE,
  made INTEGER,
  written INTEGER NOT NULL,
  sent INTEGER,
  acknowledged INTEGER,
  received INTEGER,
  decrypted INTEGER,
  shown INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  sender TEXT,
  failure TEXT
);
CREATE INDEX conversations ON messages (contact, id);
CREATE INDEX unshown ON messages (id) WHERE outgoing = 0 AND shown IS NULL;
CREATE TABLE consumers (
  consumer TEXT PRIMARY KEY,
  allUpTo INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE acks (
  consumer TEXT NOT NULL REFERENCES consumers,
  message INTEGER NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (consumer, message)
) WITHOUT ROWID;
CREATE INDEX acksOfMessage ON acks (message);
`;

/**
 * Creates the tables in an empty file, and leaves ours as they are.
 *
 * @throws {FolderError} where the file is of a newer version
 */
export function prepareSchema(database: Database): void {
  if (versionOf(database) === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(database);
    if (version > SCHEMA_VERSION) {
      throw new FolderError(
        `The folder's store is of version ${version}; this program knows ${SCHEMA_VERSION}`,
        "Use the newer program that made it",
      );
    }
    // Another client may have been faster between the look and the lock.
    if (version === 0) {
      createTables(database);
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Whether a file has the tables of today. */
export function isReady(database: Database): boolean {
  return versionOf(database) === SCHEMA_VERSION;
}

/** Creates the tables in an empty database, which isn't marked as a store. */
export function createTables(database: Database): void {
  database.exec(TABLES);
}

/** All parts of a database, in a fixed order. */
export function schemaOf(source: RowSource): SchemaPart[] {
  return source.rows<SchemaPart>(
    "SELECT type, name, sql FROM sqlite_master ORDER BY type DESC, name",
  );
}

/** The names of what a store consists of and this one lacks. */
export function missingIn(store: RowSource): string[] {
  const names = new Set(schemaOf(store).map(({ name }) => name));
  const model = new Database(":memory:");
  try {
    createTables(model);
    return schemaOf(rowSource(model)).map(({ name }) => name)
      .filter((name) => !names.has(name));
  } finally {
    model.close();
  }
}

function versionOf(database: Database): number {
  const row = database.prepare<{ user_version: number }>("PRAGMA user_version")
    .get();
  return Number(row?.user_version ?? 0);
}
