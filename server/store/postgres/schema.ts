/**
 * The tables of a relay's database on PostgreSQL and those that speak its
 * protocol: the names and columns of the SQLite file (section 11 of
 * docs/protocol.md), with keys that spread. What belongs to an inbox begins
 * with its owner's id, which was drawn at random, and no row and no counter is
 * shared by all who write. Those of the secure protocol are in secure/tables.ts.
 *
 * @module
 */

import { StoreError } from "../store.ts";
import type { Database } from "./connection/database.ts";
import { isTaken } from "./connection/database_errors.ts";
import {
  INBOX_OWNERS,
  secureSchema,
  secureTableNames,
} from "./secure/tables.ts";
import { type Query, quickSql, sql } from "./connection/statement.ts";

/** The version of the tables, in a row of the table `relay`. */
export const SCHEMA_VERSION = 5;
/** The version before the secure protocol. */
const LEGACY_VERSION = 4;

/** The name of the index that keeps positions apart. */
export const POSITION_INDEX = "accounts_position";

// activity goes by the client's id, not by its position as in SQLite: positions
// rise, and all new clients would meet in one place. LastMessage and TotalBytes
// count what ever came into an inbox: the row's lock is what makes ids rise, and
// the quota is told from them without counting what waits.
const LEGACY_TABLES = [
  `CREATE TABLE relay (
    Name TEXT PRIMARY KEY,
    Value BIGINT NOT NULL
  )`,
  `CREATE TABLE accounts (
    ID BYTEA PRIMARY KEY,
    Position BIGINT NOT NULL,
    UserName TEXT NOT NULL,
    PublicKey BYTEA NOT NULL
  )`,
  `CREATE UNIQUE INDEX ${POSITION_INDEX} ON accounts (Position ASC)`,
  `CREATE UNIQUE INDEX accounts_username ON accounts (UserName)`,
  `CREATE TABLE activity (
    ID BYTEA PRIMARY KEY,
    LastSeen TEXT NOT NULL,
    LastMessage BIGINT NOT NULL DEFAULT 0,
    TotalBytes BIGINT NOT NULL DEFAULT 0
  )`,
  `CREATE TABLE messages (
    ToClient BYTEA NOT NULL,
    ID BIGINT NOT NULL,
    FromClient BYTEA NOT NULL,
    Type SMALLINT NOT NULL,
    Content BYTEA NOT NULL,
    Rest BIGINT NOT NULL,
    Arrived BIGINT NOT NULL,
    PRIMARY KEY (ToClient, ID)
  )`,
  `CREATE TABLE parts (
    ToClient BYTEA NOT NULL,
    ID BIGINT NOT NULL,
    Part INTEGER NOT NULL,
    Content BYTEA NOT NULL,
    PRIMARY KEY (ToClient, ID, Part)
  )`,
  `INSERT INTO relay (Name, Value) VALUES
    ('schema', ${LEGACY_VERSION}), ('removals', 0)`,
].map((text) => sql(text));

// A secure account has a row in accounts and one in profiles, and none in
// activity: relays of version 4 that still run find no inbox for it, so they
// refuse a message to it instead of storing it where no client would look.
const SECURE_TABLES = [
  ...secureSchema,
  `CREATE OR REPLACE VIEW clients AS
    SELECT ID, UserName, PublicKey, LastSeen, LastMessage
    FROM accounts JOIN ${INBOX_OWNERS} USING (ID)`,
  `UPDATE relay SET Value = ${SCHEMA_VERSION} WHERE Name = 'schema'`,
].map((text) => sql(text));

/**
 * Whether a LastSeen is one that a relay wrote; times that came with a file
 * that was restored may be anything.
 */
export const OWN_TIME = "LastSeen ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z$'";

/**
 * SQL for the time at which a statement began, in milliseconds since 1970. All
 * times in a database go by its clock: relays that share it may have clocks
 * that differ.
 */
export const NOW: string =
  "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/** The version of the users, which all relays on a database read once a second. */
export const USERS_VERSION = quickSql(
  "SELECT Value FROM relay WHERE Name = 'removals'",
);

/** Has all relays discard what they cache of users and inboxes. */
export const RAISE_USERS_VERSION = sql(
  "UPDATE relay SET Value = Value + 1 WHERE Name = 'removals'",
);

const TABLE_NAMES = [
  "relay",
  "accounts",
  "activity",
  "messages",
  "parts",
  ...secureTableNames,
];

const SETTING = sql(`SELECT setting FROM pg_settings WHERE name = $1`);

const FOUND_TABLES = sql(
  `SELECT table_name::text FROM information_schema.tables
    WHERE table_schema = current_schema()
      AND table_name::text IN (${
    [...TABLE_NAMES, "clients"].map((name) => `'${name}'`)
  })`,
);

const VERSION = sql(
  "SELECT Value FROM relay WHERE Name = 'schema'",
);

const LOCK_VERSION = sql(
  "SELECT Value FROM relay WHERE Name = 'schema' FOR UPDATE",
);

/**
 * Makes the tables where there are none, and adds those that an older version
 * lacks. Relays of that version may go on running beside this one.
 *
 * @throws {StoreError} where the database can't be used, with what to do about it
 */
export async function prepareSchema(database: Database): Promise<void> {
  await checkSettings(database.query);
  if (await schemaVersion(database.query) === SCHEMA_VERSION) return;
  try {
    await database.transaction(async (query) => {
      const found = await schemaVersion(query);
      if (found === undefined) {
        for (const statement of LEGACY_TABLES) await query(statement);
      }
      const [row] = await query<[number]>(LOCK_VERSION);
      if (row?.[0] !== LEGACY_VERSION) return;
      for (const statement of SECURE_TABLES) await query(statement);
    });
  } catch (error) {
    // Another relay that starts may have been faster: then all of it is there.
    if (await schemaVersion(database.query) !== SCHEMA_VERSION) throw error;
  }
}

/** @throws {StoreError} where what was acknowledged could be lost, or changed */
export async function checkSettings(query: Query): Promise<void> {
  const refused = { fsync: "off", full_page_writes: "off" };
  for (const [name, value] of Object.entries(refused)) {
    if (await settingOf(query, name) !== value) continue;
    throw new StoreError(
      `it runs with ${name} = ${value}, so what it acknowledges could be lost: turn ${name} on`,
    );
  }
  const encoding = await settingOf(query, "server_encoding") ?? "UTF8";
  if (encoding !== "UTF8") {
    throw new StoreError(
      `its encoding is ${encoding}, which can't hold every name: make one with ENCODING 'UTF8'`,
    );
  }
}

async function settingOf(
  query: Query,
  name: string,
): Promise<string | undefined> {
  const [row] = await query<[string]>(SETTING, [name]);
  return row?.[0];
}

/**
 * The version of the tables; undefined where there are none.
 *
 * @throws {StoreError} where they aren't this relay's, or a newer relay's
 */
export async function schemaVersion(query: Query): Promise<number | undefined> {
  const found = (await query<[string]>(FOUND_TABLES)).map(([name]) => name);
  if (found.length === 0) return undefined;
  const version = found.includes("relay")
    ? (await query<[number]>(VERSION))[0]?.[0]
    : undefined;
  if (version === undefined) {
    throw new StoreError(
      `it has tables that aren't this relay's (${
        found.sort().join(", ")
      }): give the relay a database of its own`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      `it has schema version ${version}, this relay knows ${SCHEMA_VERSION}: use the newer relay that made it`,
    );
  }
  return version;
}

/** Whether registering failed since two clients came within the same microsecond. */
export function isPositionTaken(error: unknown): boolean {
  return isTaken(error, POSITION_INDEX);
}
