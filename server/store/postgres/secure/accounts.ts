/**
 * Replaces the records of secure accounts, and deletes accounts.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type {
  AccountId,
  DeviceId,
} from "../../../../shared/secure/secure_protocol.ts";
import type { StoredRecord } from "../../secure_store.ts";
import type { Database } from "../connection/database.ts";
import { isTaken } from "../connection/database_errors.ts";
import { type Query, sql } from "../connection/statement.ts";
import { RAISE_USERS_VERSION } from "../schema.ts";
import {
  insertDevices,
  lockDevices,
  removeDevices,
  removeDevicesOf,
} from "./account_devices.ts";

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
