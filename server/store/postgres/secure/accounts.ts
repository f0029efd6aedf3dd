/**
 * Registers secure accounts, replaces their records, and deletes them.
 *
 * @module
 */

import { concat, equals } from "@std/bytes";
import {
  type AccountId,
  type DeviceId,
  MailFlag,
  SendingState,
} from "../../../../shared/secure/secure_protocol.ts";
import {
  type NewProfile,
  NO_DEVICE,
  type StoredRecord,
} from "../../secure_store.ts";
import type { Database } from "../connection/database.ts";
import { isTaken } from "../connection/database_errors.ts";
import { type Query, sql } from "../connection/statement.ts";
import { idAt } from "../packed_bytes.ts";
import { isPositionTaken, RAISE_USERS_VERSION } from "../schema.ts";
import { dropMail } from "./drop_mail.ts";
import { type LockedDevice, Mailboxes } from "./mailboxes.ts";

// Positions are microseconds of the database's own clock: no counter is shared.
const INSERT_ACCOUNT = sql(
  `INSERT INTO accounts (ID, Position, UserName, PublicKey)
    VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $2, $3)`,
);

// Without the row in activity no relay finds the legacy inbox any more. A send
// under way holds it, so that what it stores is moved too.
const CLOSE_INBOX = sql(`DELETE FROM activity WHERE ID = (
      SELECT ID FROM accounts WHERE ID = $1 AND UserName = $2 AND PublicKey = $3
    ) RETURNING LastSeen, LastMessage`);

const INSERT_PROFILE = sql(
  `INSERT INTO profiles (ID, Identity, Version, Record, LastSeen, LastMessage)
    VALUES ($1, $2, $3, $4, $5, $6)`,
);

const INSERT_DEVICES = sql(
  `INSERT INTO devices (Device, Account, SigningKey, LastSeen)
    SELECT ${idAt("$2", "n")}, $1,
      substring($3::bytea FROM (n - 1) * 32 + 1 FOR 32), $5
    FROM generate_series(1, $4::int) AS n`,
);

// The content is the type's byte, and then the message's content. The uid is
// the same in the mailboxes of all devices.
const MOVED = `SELECT ID, row_number() OVER (ORDER BY ID) AS seq
    FROM messages WHERE ToClient = $1`;
const MOVE_MESSAGES = sql(`WITH moved AS MATERIALIZED (
    SELECT m.*, seq, decode(replace(gen_random_uuid()::text, '-', ''), 'hex') AS uid
    FROM (${MOVED}) AS s JOIN messages AS m ON m.ToClient = $1 AND m.ID = s.ID
  ), raised AS (
    UPDATE devices SET LastSeq = (SELECT count(*) FROM moved),
      Waiting = (SELECT count(*) FROM moved),
      WaitingBytes = (SELECT coalesce(sum(octet_length(Content) + Rest + 1), 0)
        FROM moved)::bigint
    WHERE Account = $1
  )
  INSERT INTO mail (Device, Seq, Uid, Account, FromDevice, Flags, Arrived,
    Expires, Content, Rest)
  SELECT d.Device, seq, uid, FromClient, $2, ${MailFlag.Legacy}, Arrived, 0,
    set_byte('\\x00'::bytea, 0, Type) || Content, Rest
  FROM moved CROSS JOIN devices AS d WHERE d.Account = $1`);
const MOVE_PARTS = sql(`INSERT INTO mail_parts (Device, Seq, Part, Content)
  SELECT d.Device, seq, Part, Content FROM (${MOVED}) AS s
  JOIN parts AS p ON p.ToClient = $1 AND p.ID = s.ID
  CROSS JOIN devices AS d WHERE d.Account = $1`);
const DELETE_PARTS = sql("DELETE FROM parts WHERE ToClient = $1");
const DELETE_MESSAGES = sql("DELETE FROM messages WHERE ToClient = $1");

/** Registers an account, or lifts a legacy one: see `SecureStore.register`. */
export async function registerProfile(
  database: Database,
  profile: NewProfile,
  now: Date,
): Promise<boolean> {
  const register = profile.isLift ? lift : insertAccount;
  for (;;) {
    try {
      return await database.transaction((query) =>
        register(query, profile, now)
      );
    } catch (error) {
      if (isPositionTaken(error)) continue;
      // The name, the id, or a device's id; or the account has a record.
      if (isTaken(error)) return false;
      throw error;
    }
  }
}

async function insertAccount(
  query: Query,
  { record, name, publicKey }: NewProfile,
  now: Date,
): Promise<boolean> {
  await query(INSERT_ACCOUNT, [record.account, name, publicKey]);
  await insertProfile(query, record, now, now.toISOString(), 0);
  return true;
}

async function lift(
  query: Query,
  { record, name, publicKey }: NewProfile,
  now: Date,
): Promise<boolean> {
  const { account } = record;
  const [row] = await query<[string, number]>(CLOSE_INBOX, [
    account,
    name,
    publicKey,
  ]);
  if (row === undefined) return false;
  await insertProfile(query, record, now, ...row);
  await query(MOVE_MESSAGES, [account, NO_DEVICE]);
  await query(MOVE_PARTS, [account]);
  await query(DELETE_PARTS, [account]);
  await query(DELETE_MESSAGES, [account]);
  await query(RAISE_USERS_VERSION);
  return true;
}

async function insertProfile(
  query: Query,
  { account, identity, version, bytes, devices }: StoredRecord,
  now: Date,
  lastSeen: string,
  lastMessage: number,
): Promise<void> {
  const values = [account, identity, version, bytes, lastSeen, lastMessage];
  await query(INSERT_PROFILE, values);
  await insertDevices(query, account, devices, now);
}

async function insertDevices(
  query: Query,
  account: AccountId,
  devices: StoredRecord["devices"],
  now: Date,
): Promise<void> {
  await query(INSERT_DEVICES, [
    account,
    concat(devices.map(({ id }) => id)),
    concat(devices.map(({ signingKey }) => signingKey)),
    devices.length,
    now.getTime(),
  ]);
}

const LOCK_PROFILE = sql(
  "SELECT Identity, Version, Record, Closed FROM profiles WHERE ID = $1 FOR UPDATE",
);
const REPLACE = sql(
  `UPDATE profiles SET Identity = $2, Version = $3, Record = $4,
    Closed = 0 WHERE ID = $1`,
);
const SIGNING_KEYS = sql(
  "SELECT Device, SigningKey FROM devices WHERE Account = $1",
);

type ProfileRow = [
  identity: Uint8Array,
  version: number,
  record: Uint8Array,
  closed: number,
];

/** Puts a record in the place of the newest one: see `SecureStore.replaceRecord`. */
export async function replaceRecord(
  database: Database,
  record: StoredRecord,
  previous: Uint8Array,
  now: Date,
): Promise<boolean> {
  try {
    return await database.transaction((query) =>
      replace(query, record, previous, now)
    );
  } catch (error) {
    // A device's id is another account's.
    if (isTaken(error)) return false;
    throw error;
  }
}

async function replace(
  query: Query,
  record: StoredRecord,
  previous: Uint8Array,
  now: Date,
): Promise<boolean> {
  const { account, identity, version, bytes, devices } = record;
  const [row] = await query<ProfileRow>(LOCK_PROFILE, [account]);
  if (row === undefined) return false;
  const [oldIdentity, oldVersion, newest, closed] = row;
  const isClosed = closed === 1;
  if (equals(newest, bytes)) return !isClosed;
  const follows = equals(newest, previous) && version > oldVersion &&
    (!isClosed || equals(oldIdentity, identity));
  if (!follows) return false;
  const known = new Map(
    (await query<[DeviceId, Uint8Array]>(SIGNING_KEYS, [account]))
      .map(([id, key]) => [id.toHex(), key]),
  );
  const keepsKeys = devices.every(({ id, signingKey }) =>
    equals(known.get(id.toHex()) ?? signingKey, signingKey)
  );
  if (!keepsKeys) return false;
  const told = new Set(devices.map(({ id }) => id.toHex()));
  const old = await lockDevices(query, account);
  const gone = old.filter(({ id }) => !told.has(id.toHex()));
  await removeDevices(query, gone, now);
  const added = devices.filter(({ id }) => !known.has(id.toHex()));
  if (added.length > 0) await insertDevices(query, account, added, now);
  await query(REPLACE, [account, identity, version, bytes]);
  await query(RAISE_USERS_VERSION);
  return true;
}

const DELETE_FROM = ["packages", "taken", "devices"].map((table) =>
  sql(
    `DELETE FROM ${table} WHERE Device IN (
      SELECT ${idAt("$1", "n")} FROM generate_series(1, $2::int) AS n)`,
  )
);

/**
 * Deletes devices that are locked, with their packages, mail and sendings.
 *
 * @returns the number of messages deleted
 */
async function removeDevices(
  query: Query,
  devices: readonly LockedDevice[],
  now: Date,
): Promise<number> {
  if (devices.length === 0) return 0;
  const deletions = devices.map(({ id, lastSeq }) => ({
    device: id,
    runs: [[1, lastSeq] as const],
  }));
  const messages = await dropMail(
    query,
    deletions,
    SendingState.Expired,
    now.getTime(),
  );
  const ids = concat(devices.map(({ id }) => id));
  for (const statement of DELETE_FROM) {
    await query(statement, [ids, devices.length]);
  }
  return messages;
}

const CLOSE = sql(
  "UPDATE profiles SET Closed = 1 WHERE ID = $1 RETURNING 1",
);
const DELETE_PROFILE = sql("DELETE FROM profiles WHERE ID = $1");

/** Deletes an account: see `SecureStore.deleteAccount`. */
export async function closeAccount(
  database: Database,
  account: AccountId,
): Promise<boolean> {
  return await database.transaction(async (query) => {
    if ((await query(CLOSE, [account])).length === 0) return false;
    await removeDevicesOf(query, account);
    await query(RAISE_USERS_VERSION);
    return true;
  });
}

/**
 * Deletes what the tables of the secure protocol have of an account, if anything.
 *
 * @returns the number of messages deleted
 */
export async function deleteProfile(
  query: Query,
  account: AccountId,
): Promise<number> {
  // Its lock keeps messages of legacy clients away.
  await query(DELETE_PROFILE, [account]);
  return await removeDevicesOf(query, account);
}

async function removeDevicesOf(
  query: Query,
  account: AccountId,
): Promise<number> {
  const devices = await lockDevices(query, account);
  return await removeDevices(query, devices, new Date());
}

async function lockDevices(
  query: Query,
  account: AccountId,
): Promise<LockedDevice[]> {
  return (await Mailboxes.lock(query, [], [account])).devicesOf(account);
}
