/**
 * Messages of secure accounts to legacy clients: each uid is taken once.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { SendingState } from "../../../../shared/secure/secure_protocol.ts";
import type { NewLegacySending } from "../../secure_store.ts";
import { StoreError } from "../../store.ts";
import { type Query, sql } from "../connection/statement.ts";
import type { BatchOutcome } from "../insert_messages.ts";

/** The sending that a message may be stored for. */
export interface Once {
  sending: NewLegacySending;
  /** In milliseconds since 1970. */
  now: number;
}

/** The uid is another sending's. */
export class UidTakenError extends StoreError {
  override name = "UidTakenError";
}

// Its outcome isn't followed, and it has no count.
const TAKE = sql(`INSERT INTO taken (Device, Uid, Count, Digest, State, Time,
      Waiting, Message)
    SELECT Device, $2, -1, $3, ${SendingState.Unknown}, $4, 0, 0
    FROM devices WHERE Device = $1
    ON CONFLICT (Device, Uid) DO NOTHING RETURNING 1`);

const BEFORE = sql(
  "SELECT Digest, Message FROM taken WHERE Device = $1 AND Uid = $2",
);

const NOTE_ID = sql(
  "UPDATE taken SET Message = $3 WHERE Device = $1 AND Uid = $2",
);

const FORGET = sql("DELETE FROM taken WHERE Device = $1 AND Uid = $2");

/**
 * Stores a message in a transaction, unless its sending was taken before.
 *
 * @param insert stores it
 * @returns where it is; undefined if the recipient has no inbox, or the sender
 * no device
 * @throws {UidTakenError} if the uid is another sending's
 */
export async function insertOnce(
  query: Query,
  { sending: { device, uid, digest }, now }: Once,
  insert: () => Promise<BatchOutcome | undefined>,
): Promise<BatchOutcome | undefined> {
  const taken = await query(TAKE, [device, uid, digest, now]);
  if (taken.length === 0) {
    const [row] = await query<[Uint8Array, number]>(BEFORE, [device, uid]);
    if (row === undefined) return undefined;
    const [before, id] = row;
    if (id > 0 && equals(before, digest)) {
      return { fits: true, lastMessage: id - 1, totalBytes: 0 };
    }
    throw new UidTakenError("The uid is another sending's");
  }
  const outcome = await insert();
  if (outcome?.fits) {
    await query(NOTE_ID, [device, uid, outcome.lastMessage + 1]);
  } else await query(FORGET, [device, uid]);
  return outcome;
}
