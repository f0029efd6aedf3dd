/**
 * Registers secure accounts, and lifts legacy ones.
 *
 * @module
 */

import { MailFlag } from "../../../../shared/secure/secure_protocol.ts";
import {
  type NewProfile,
  NO_DEVICE,
  type StoredRecord,
} from "../../secure_store.ts";
import type { Database } from "../connection/database.ts";
import { isTaken } from "../connection/database_errors.ts";
import { type Query, sql } from "../connection/statement.ts";
import { isPositionTaken, RAISE_USERS_VERSION } from "../schema.ts";
import { insertDevices } from "./account_devices.ts";

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
