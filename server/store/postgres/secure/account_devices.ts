/**
 * The devices of an account: those that a record adds, and those that it lacks.
 *
 * @module
 */

import { concat } from "@std/bytes";
import {
  type AccountId,
  SendingState,
} from "../../../../shared/secure/secure_protocol.ts";
import type { StoredRecord } from "../../secure_store.ts";
import { type Query, sql } from "../connection/statement.ts";
import { idAt } from "../packed_bytes.ts";
import { dropMail } from "./drop_mail.ts";
import { type LockedDevice, Mailboxes } from "./mailboxes.ts";

const INSERT_DEVICES = sql(
  `INSERT INTO devices (Device, Account, SigningKey, LastSeen)
    SELECT ${idAt("$2", "n")}, $1,
      substring($3::bytea FROM (n - 1) * 32 + 1 FOR 32), $5
    FROM generate_series(1, $4::int) AS n`,
);

/** Inserts devices of a record. */
export async function insertDevices(
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
export async function removeDevices(
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

/** Deletes all devices of an account; returns the number of messages deleted. */
export async function removeDevicesOf(
  query: Query,
  account: AccountId,
): Promise<number> {
  const devices = await lockDevices(query, account);
  return await removeDevices(query, devices, new Date());
}

/** Locks the devices of an account. */
export async function lockDevices(
  query: Query,
  account: AccountId,
): Promise<LockedDevice[]> {
  return (await Mailboxes.lock(query, [], [account])).devicesOf(account);
}
