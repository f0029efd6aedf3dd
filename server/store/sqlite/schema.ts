/**
 * The tables of the relay's SQLite file (section 11 of docs/protocol.md, and docs/admin.md).
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { SendingState } from "../../../shared/secure/secure_protocol.ts";
import type { ForeignRows } from "./file/foreign.ts";
import { StoreError } from "../store.ts";

/** The version of the tables, in `PRAGMA user_version`, which is 0 in files of other programs. */
export const SCHEMA_VERSION = 7;

/** The first version with the tables of the secure protocol. */
export const FIRST_SECURE = 6;

/** Bytes of pages that a connection to the file keeps at most. */
const CACHE_SIZE = 8 * 1024 * 1024;

/** Milliseconds to wait for another process that holds the file. */
const BUSY_TIMEOUT = 5000;

/** Sets whether a connection waits for another process that holds the file. */
export function waitForOthers(database: Database, wait: boolean): void {
  database.exec(`PRAGMA busy_timeout = ${wait ? BUSY_TIMEOUT : 0}`);
}

/** `FULL`, as SQLite tells it. */
const SYNCHRONOUS_FULL = 2;

/**
 * Sets what holds for a connection, not for the file.
 *
 * @throws {StoreError} where commits wouldn't be synced
 */
export function configure(database: Database): void {
  waitForOthers(database, true);
  // What is acknowledged must outlive a power failure, not only a crash.
  database.exec("PRAGMA synchronous = FULL");
  requireSetting(database, "synchronous", SYNCHRONOUS_FULL);
  // A plain sync doesn't empty a disk's own cache on macOS; elsewhere it does.
  database.exec("PRAGMA fullfsync = ON");
  database.exec("PRAGMA checkpoint_fullfsync = ON");
  database.exec(`PRAGMA cache_size = -${CACHE_SIZE / 1024}`);
  // No file is opened later on, when descriptors may have run out.
  database.exec("PRAGMA temp_store = MEMORY");
}

// A position is never used again: a last-seen time may wait for it when its user is deleted.
const ACCOUNTS = `
CREATE TABLE accounts (
  Position INTEGER PRIMARY KEY AUTOINCREMENT,
  ID BLOB NOT NULL UNIQUE,
  UserName TEXT NOT NULL UNIQUE,
  PublicKey BLOB NOT NULL
);
`;

// What changes of a client with each request stands apart from what never does:
// its rows are small, so that those of many clients share a page and its way to
// the disk. LastMessage keeps ids from coming back once an inbox was emptied.
const ACTIVITY = `
CREATE TABLE activity (
  Position INTEGER PRIMARY KEY,
  LastSeen TEXT NOT NULL,
  LastMessage INTEGER NOT NULL DEFAULT 0
);
`;

/** For those who read the file by hand. */
const CLIENTS_VIEW = `
CREATE VIEW clients AS
  SELECT ID, UserName, PublicKey, LastSeen, LastMessage
  FROM accounts JOIN activity USING (Position);
`;

/**
 * Whether a LastSeen is one that the relay wrote; times that other servers
 * wrote may be anything.
 */
export const OWN_TIME =
  "LastSeen GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*Z'";

// A table with a rowid and an index is 4.5 times as fast to fill as a table
// that is clustered on (ToClient, ID). A large content is in parts, so that it
// can go out piece by piece: Rest says how many bytes of it are in them.
// Arrived is when the relay took a message, in milliseconds since 1970.
const MESSAGES = `
CREATE TABLE messages (
  ID INTEGER NOT NULL,
  ToClient BLOB NOT NULL,
  FromClient BLOB NOT NULL,
  Type INTEGER NOT NULL,
  Content BLOB NOT NULL,
  Rest INTEGER NOT NULL DEFAULT 0,
  Arrived INTEGER NOT NULL
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

// The secure protocol. A deleted account keeps its row, and so its name.
const PROFILES = `
CREATE TABLE profiles (
  ID BLOB NOT NULL UNIQUE,
  Identity BLOB NOT NULL,
  Version INTEGER NOT NULL,
  Record BLOB NOT NULL,
  Closed INTEGER NOT NULL DEFAULT 0
);
`;

// The devices of newest records. LastSeq is raised when mail goes; what waits may
// have higher positions.
const DEVICES = `
CREATE TABLE devices (
  Device BLOB NOT NULL UNIQUE,
  Account BLOB NOT NULL,
  SigningKey BLOB NOT NULL,
  Count INTEGER NOT NULL DEFAULT 0,
  LastSeq INTEGER NOT NULL DEFAULT 0,
  LastPackage INTEGER NOT NULL DEFAULT 0,
  LastSeen INTEGER NOT NULL
);
CREATE INDEX account_devices ON devices (Account);
`;

const PACKAGES = `
CREATE TABLE packages (
  Device BLOB NOT NULL,
  Number INTEGER NOT NULL,
  Kind INTEGER NOT NULL,
  Bytes BLOB NOT NULL
);
CREATE UNIQUE INDEX package ON packages (Device, Kind, Number);
`;

/** SQL that holds for a sending with a count. */
export const HAS_COUNT = "Count >= 0";

/** The Count of a sending to a legacy client, which has none. */
export const NO_COUNT = -1;

/** SQL that holds for a sending whose outcome is known, or isn't followed. */
export const IS_SETTLED = `State <> ${SendingState.Waits}`;

// What is known of each device's sendings: the unique index keeps a repeat from
// being taken twice. Waiting counts the envelopes that wait. Uids begin with the
// time (SEN-9): with them in front, those of a commit share a page.
const TAKEN = `
CREATE TABLE taken (
  Device BLOB NOT NULL,
  Uid BLOB NOT NULL,
  Count INTEGER NOT NULL,
  Digest BLOB NOT NULL,
  State INTEGER NOT NULL,
  Time INTEGER NOT NULL,
  Waiting INTEGER NOT NULL,
  Message INTEGER NOT NULL
);
CREATE UNIQUE INDEX sending ON taken (Uid, Device);
CREATE INDEX settled_sending ON taken (Time) WHERE ${IS_SETTLED};
`;

// The sendings by device, for their counts: a device's highest is told from here,
// so that a sending needn't change the device's row. Each sending would change a
// page of its own here: they come in many at a time, up to the last sorted one. A
// row number is used again once the highest row is gone, so the last never stays
// above it.
const DEVICE_SENDINGS = `
CREATE TABLE device_sendings (
  Device BLOB NOT NULL,
  Count INTEGER NOT NULL,
  Sending INTEGER NOT NULL,
  PRIMARY KEY (Device, Count, Sending)
) WITHOUT ROWID;
CREATE TABLE sorted_sendings (Last INTEGER NOT NULL);
INSERT INTO sorted_sendings VALUES (0);
CREATE TRIGGER sending_deleted AFTER DELETE ON taken BEGIN
  DELETE FROM device_sendings WHERE Device = old.Device AND Count = old.Count
    AND Sending = old.rowid;
  UPDATE sorted_sendings SET Last = (SELECT coalesce(max(rowid), 0) FROM taken)
    WHERE Last > (SELECT coalesce(max(rowid), 0) FROM taken);
END;
`;

const ALL_SORTED =
  "UPDATE sorted_sendings SET Last = (SELECT coalesce(max(rowid), 0) FROM taken);";

/**
 * Puts the sendings that aren't there yet into `device_sendings`. It sorts them in
 * memory: their number should be limited.
 */
export const SORT_SENDINGS = `
INSERT OR IGNORE INTO device_sendings SELECT Device, Count, rowid FROM taken
  WHERE rowid > (SELECT Last FROM sorted_sendings) ORDER BY Device, Count;
${ALL_SORTED}
`;

// The index of version 6 has those with counts in their order, however many.
const SORT_ALL_OF_6 = `
INSERT INTO device_sendings SELECT Device, Count, rowid FROM taken
  WHERE ${HAS_COUNT} ORDER BY Device, Count;
INSERT INTO device_sendings SELECT Device, Count, rowid FROM taken
  WHERE NOT (${HAS_COUNT}) ORDER BY Device;
${ALL_SORTED}
DROP INDEX IF EXISTS sending_count;
`;

/** SQL that holds for mail with a lifetime; other mail is legacy and waits for the retention. */
export const HAS_LIFETIME = "Expires > 0";

// Rest stands before Content, to be read without the pages of a large content.
const MAIL = `
CREATE TABLE mail (
  Device BLOB NOT NULL,
  Seq INTEGER NOT NULL,
  Uid BLOB NOT NULL,
  Account BLOB NOT NULL,
  FromDevice BLOB NOT NULL,
  Flags INTEGER NOT NULL,
  Arrived INTEGER NOT NULL,
  Expires INTEGER NOT NULL,
  Rest INTEGER NOT NULL,
  Content BLOB NOT NULL
);
CREATE UNIQUE INDEX mailbox ON mail (Device, Seq);
CREATE INDEX mail_expiry ON mail (Expires) WHERE ${HAS_LIFETIME};
CREATE INDEX legacy_mail ON mail (Arrived) WHERE Expires = 0;
CREATE TABLE mail_parts (
  Device BLOB NOT NULL,
  Seq INTEGER NOT NULL,
  Part INTEGER NOT NULL,
  Content BLOB NOT NULL
);
CREATE UNIQUE INDEX mail_part ON mail_parts (Device, Seq, Part);
`;

const SECURE = PROFILES + DEVICES + PACKAGES + TAKEN + MAIL;

/** What makes each older version into the next one, in milliseconds since 1970. */
const MIGRATIONS: Readonly<Record<number, (now: number) => string>> = {
  1: () =>
    `ALTER TABLE messages ADD COLUMN Rest INTEGER NOT NULL DEFAULT 0; ${PARTS}`,
  2: () =>
    `${ACCOUNTS} ${ACTIVITY}
    INSERT INTO accounts SELECT rowid, ID, UserName, PublicKey FROM clients;
    INSERT INTO activity SELECT rowid, LastSeen, LastMessage FROM clients;
    DROP TABLE clients;
    ${CLIENTS_VIEW}`,
  // A constant needs no row rewritten: what was there counts as arrived now.
  3: (now) =>
    `ALTER TABLE messages ADD COLUMN Arrived INTEGER NOT NULL DEFAULT ${now}`,
  4: () =>
    `DROP VIEW clients;
    ALTER TABLE accounts RENAME TO older_accounts;
    ${ACCOUNTS}
    INSERT INTO accounts SELECT Position, ID, UserName, PublicKey FROM older_accounts;
    DROP TABLE older_accounts;
    ${CLIENTS_VIEW}`,
  5: () => SECURE,
  6: () => DEVICE_SENDINGS + SORT_ALL_OF_6,
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
  if (schemaVersion(database) === SCHEMA_VERSION) return;
  const now = Date.now();
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another relay may have been faster between the look and the lock.
    const found = schemaVersion(database);
    if (found === 0) {
      database.exec(
        ACCOUNTS + ACTIVITY + CLIENTS_VIEW + MESSAGES + PARTS + SECURE +
          DEVICE_SENDINGS,
      );
      const foreign = rows();
      if (foreign !== undefined) insertRows(database, foreign, now);
    }
    for (let step = found || SCHEMA_VERSION; step < SCHEMA_VERSION; step++) {
      database.exec(MIGRATIONS[step]?.(now) ?? "");
    }
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Puts what is written into a log (the `-wal` file) first: it holds for the file.
 *
 * @throws {StoreError} where it can't have one
 */
export function useLog(database: Database): void {
  database.prepare("PRAGMA journal_mode = WAL").all();
  requireSetting(database, "journal_mode", "wal");
}

function requireSetting(
  database: Database,
  name: string,
  expected: unknown,
): void {
  const found = firstValue(database, `PRAGMA ${name}`);
  if (found === expected) return;
  throw new StoreError(
    `SQLite can't have ${name} = ${expected} there, but ${found}, so what it acknowledges could be lost: ` +
      "take a folder on a local disk with --dir",
  );
}

/**
 * The file's schema version; 0 for an empty file.
 *
 * @throws {StoreError} where it is of a newer version or isn't a relay's
 */
export function schemaVersion(database: Database): number {
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

/** Notes that a recipient's messages up to an id are gone: the id, the recipient's. */
export const RAISE_LAST_MESSAGE =
  `UPDATE activity SET LastMessage = max(LastMessage, ?)
    WHERE Position = (SELECT Position FROM accounts WHERE ID = ?)`;

/** A client's columns. */
export interface ClientRow {
  /** 16 bytes. */
  id: Uint8Array;
  name: string;
  /** 160 bytes. */
  publicKey: Uint8Array;
  /** When it was last seen, as text. */
  lastSeen: string;
  /** The highest id that a message to it had, of those that are gone. */
  lastMessage: number;
}

/** Makes what puts a new client behind all others; within a transaction. */
export function clientInserter(database: Database): (row: ClientRow) => void {
  const account = database.prepare(
    "INSERT INTO accounts (ID, UserName, PublicKey) VALUES (?, ?, ?)",
  );
  const activity = database.prepare(
    `INSERT INTO activity (Position, LastSeen, LastMessage)
      VALUES (last_insert_rowid(), ?, ?)`,
  );
  return ({ id, name, publicKey, lastSeen, lastMessage }) => {
    account.run(id, name, publicKey);
    activity.run(lastSeen, lastMessage);
  };
}

function insertRows(database: Database, rows: ForeignRows, now: number): void {
  const message = database.prepare(
    "INSERT INTO messages (ID, ToClient, FromClient, Type, Content, Arrived) VALUES (?, ?, ?, ?, ?, ?)",
  );
  let id = 0;
  for (const row of rows.messages) {
    id = Math.max(id + 1, row.id);
    message.run(id, row.recipient, row.sender, row.type, row.content, now);
  }
  // An id that the other server gave out may still be known to a client.
  const lastMessage = Math.max(id, rows.lastMessage);
  const insert = clientInserter(database);
  const names = new Set<string>();
  for (const row of rows.clients) {
    // Some servers let several register under one name; all of them get mail.
    let name = row.name;
    for (let n = 2; names.has(name); n++) name = `${row.name}~${n}`;
    names.add(name);
    insert({ ...row, name, lastMessage });
  }
}

/** The first column of a statement's first row; undefined where there is none. */
export function firstValue(database: Database, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}
