/**
 * The tables of the client's store.
 *
 * @module
 */

import { type BindValue, Database } from "@db/sqlite";
import { FolderError } from "../errors.ts";

/** A source of rows. */
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

/** A part of a database, such as a table or an index. */
export interface SchemaPart {
  /** `table`, `index`, `view` or `trigger`. */
  type: string;
  /** Its name. */
  name: string;
  /** Its statement; null where another part created it. */
  sql: string | null;
}

// A contact is an id; the relay's list gives it a name. Another client listed
// under a known contact's name refers to it in `succeeds` until the user accepts.
// A key belongs to the identity that exchanged it. Texts are bytes, since SQLite's
// text ends at a NUL. Times are milliseconds since 1970. `seen` identifies repeats
// of a received message: 32 bytes while the relay may deliver it again; with the
// message's number appended once that is over but a later key may still open it;
// then null. `sender` is the token of the client that is sending the message.
const FIRST_TABLES = `
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

// The user's own name for a contact is its alias; a chosen contact is listed without
// a message, too. An `unreached` message goes out by itself: no attempt to send it
// has reached a relay.
// `forgotten` identifies repeats of messages that the folder no longer keeps.
const CONTACT_SETTINGS = `
ALTER TABLE contacts ADD COLUMN alias TEXT;
ALTER TABLE contacts ADD COLUMN chosen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX aliases ON contacts (alias) WHERE alias IS NOT NULL;
ALTER TABLE messages ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0;
CREATE INDEX waiting ON messages (id) WHERE unreached = 1;
CREATE TABLE forgotten (seen BLOB PRIMARY KEY) WITHOUT ROWID;
`;

// The secure account of the folder: its newest record, the keys of its device, and
// what the device has counted. `rsaKey` is there until `info.me` holds it; `isLift`
// marks an account that the legacy port knows; `copied` is when a copy of the folder
// was noticed. Packages with their private
// halves; `replaced` is when a newer weekly one was made. Accounts with the newest
// record known; an `alarm` stands until the user decides, with the record `offered`
// where there is one. A sending's `payload` goes out again until `taken`. Mail stays
// as long as the relay may repeat it.
const SECURE_ACCOUNT = `
CREATE TABLE secureAccount (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  account BLOB NOT NULL,
  name TEXT NOT NULL,
  record BLOB NOT NULL,
  device BLOB NOT NULL,
  signingSeed BLOB NOT NULL,
  agreementKey BLOB NOT NULL,
  rsaKey BLOB,
  isLift INTEGER NOT NULL DEFAULT 0,
  registered INTEGER,
  count INTEGER NOT NULL DEFAULT 0,
  highestPackage INTEGER NOT NULL DEFAULT 0,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  lastSeq INTEGER NOT NULL DEFAULT 0,
  fetched INTEGER,
  copied INTEGER
);
CREATE TABLE securePackages (
  number INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  agreementKey BLOB NOT NULL,
  kemSeed BLOB NOT NULL,
  made INTEGER NOT NULL,
  published INTEGER,
  replaced INTEGER
);
CREATE TABLE secureContacts (
  account BLOB PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  record BLOB NOT NULL,
  alarm TEXT,
  offered BLOB
) WITHOUT ROWID;
CREATE TABLE secureSendings (
  uid BLOB PRIMARY KEY,
  count INTEGER NOT NULL UNIQUE,
  payload BLOB NOT NULL,
  made INTEGER NOT NULL,
  taken INTEGER,
  refused INTEGER
) WITHOUT ROWID;
CREATE TABLE secureMail (
  mail INTEGER PRIMARY KEY,
  account BLOB NOT NULL,
  device BLOB NOT NULL,
  uid BLOB NOT NULL,
  flags INTEGER NOT NULL,
  arrived INTEGER NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (account, device, uid)
);
`;

/** What makes each version of the tables out of the one before. */
const STEPS = [FIRST_TABLES, CONTACT_SETTINGS, SECURE_ACCOUNT];

/** The current version, stored in the file as `PRAGMA user_version`. */
export const SCHEMA_VERSION: number = STEPS.length;

/**
 * Creates the tables in an empty file, and brings those of an older version up to
 * date.
 *
 * @throws {FolderError} where the file has a newer version
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
    // Another client may have done it before the lock was taken.
    if (version < SCHEMA_VERSION) {
      STEPS.slice(version).forEach((step) => database.exec(step));
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Whether a file has the current version. */
export function isReady(database: Database): boolean {
  return versionOf(database) === SCHEMA_VERSION;
}

/** Creates the tables of a version in an empty database, which isn't marked as a store. */
export function createTables(
  database: Database,
  version: number = SCHEMA_VERSION,
): void {
  STEPS.slice(0, version).forEach((step) => database.exec(step));
}

/** Creates a store of a version in an empty database. */
export function createStore(database: Database, version: number): void {
  createTables(database, version);
  database.exec(`PRAGMA user_version = ${version}`);
}

/** All parts of a database, in a fixed order. */
export function schemaOf(source: RowSource): SchemaPart[] {
  return source.rows<SchemaPart>(
    "SELECT type, name, sql FROM sqlite_master ORDER BY type DESC, name",
  );
}

/** The names of the parts that a store lacks. */
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
