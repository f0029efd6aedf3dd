/**
 * The statement that puts a group of messages into their inboxes: one round
 * trip for messages of many connections, and one commit.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  MAX_MESSAGE_ID,
} from "../../../shared/wire/protocol.ts";
import type { Batch } from "./inbox_queue.ts";
import type { NewMessage, Quota, SendResult } from "../store.ts";
import type { Ceiling } from "./inbox_ceilings.ts";
import type { Once } from "./secure/legacy_sending.ts";
import { PART_SIZE } from "../store_rows.ts";
import { NOW } from "./schema.ts";
import { type Query, sql, type Value } from "./connection/statement.ts";

// The locks are taken in the order of the ids, so that relays wait for each
// other and never in a ring. A transaction that waited sees the row as the other left it,
// so ids rise with the commits. What has no fixed size goes as bytes in one
// piece, of which each row takes its own: arrays of bytes would go as text.
const INSERT = sql(`WITH inboxes AS MATERIALIZED (
    SELECT a.ID, a.LastMessage, a.TotalBytes, b.batch, b.messages, b.bytes,
      a.LastMessage + b.messages <= b.lastCeiling
        AND a.TotalBytes + b.bytes <= b.bytesCeiling AS fits
    FROM (
      SELECT substring($1::bytea FROM (n::int - 1) * ${CLIENT_ID_SIZE} + 1 FOR ${CLIENT_ID_SIZE}) AS id,
        n AS batch, messages, bytes, lastCeiling, bytesCeiling
      FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[])
        WITH ORDINALITY AS u (messages, bytes, lastCeiling, bytesCeiling, n)
    ) AS b JOIN activity AS a ON a.ID = b.id
    ORDER BY a.ID FOR UPDATE OF a
  ), raised AS (
    UPDATE activity SET LastMessage = i.LastMessage + i.messages,
      TotalBytes = i.TotalBytes + i.bytes
    FROM inboxes AS i WHERE activity.ID = i.ID AND i.fits
  ), inserted AS (
    INSERT INTO messages (ToClient, ID, FromClient, Type, Content, Rest, Arrived)
    SELECT i.ID, i.LastMessage + m.place,
      substring($6::bytea FROM m.start FOR ${CLIENT_ID_SIZE}), m.type,
      substring($6 FROM m.start + ${CLIENT_ID_SIZE} FOR m.size), m.rest, ${NOW}
    FROM unnest($7::int[], $8::int[], $9::int[], $10::int[], $11::int[], $12::bigint[])
      AS m (batch, place, start, size, type, rest)
    JOIN inboxes AS i ON i.batch = m.batch AND i.fits
  )
  SELECT batch, fits, LastMessage, TotalBytes FROM inboxes`);

/** What became of a batch. */
export interface BatchOutcome {
  /** Whether it is in its inbox. */
  fits: boolean;
  /** The id before its first message's. */
  lastMessage: number;
  /** Bytes that had ever come into the inbox before. */
  totalBytes: number;
}

/** A message to store. */
export interface Send {
  message: NewMessage;
  /** Limits of its inbox. */
  quota: Quota;
  /** The sending that it is stored for, unless that was taken before. */
  once?: Once;
}

/** Messages that go into one inbox together, or not at all. */
export type SendBatch = Batch<Send, SendResult>;

/** A batch, and how high the counters of its inbox may rise. */
export interface CeiledBatch extends SendBatch {
  /** The highest they may be. */
  ceiling: Ceiling;
}

/**
 * Puts batches into their inboxes, each as a whole or not at all. Of contents
 * that are larger than {@linkcode PART_SIZE} only the beginning is.
 *
 * @returns what became of each; undefined where no user has the recipient's id
 */
export async function insertMessages(
  query: Query,
  batches: readonly CeiledBatch[],
): Promise<(BatchOutcome | undefined)[]> {
  const rows = await query<[number, boolean, number, number]>(INSERT, [
    ...batchValues(batches),
    ...messageValues(batches),
  ]);
  const outcomes = batches.map((): BatchOutcome | undefined => undefined);
  for (const [batch, fits, lastMessage, totalBytes] of rows) {
    outcomes[batch - 1] = { fits, lastMessage, totalBytes };
  }
  return outcomes;
}

/** The recipients, one behind the other, and a column for each number that a batch has. */
function batchValues(batches: readonly CeiledBatch[]): Value[] {
  return [
    Uint8Array.fromHex(batches.map(({ key }) => key).join("")),
    batches.map(({ jobs }) => jobs.length),
    batches.map(({ jobs }) =>
      jobs.reduce((sum, { message }) => sum + message.content.length, 0)
    ),
    batches.map(({ ceiling }) => Math.min(ceiling.lastMessage, MAX_MESSAGE_ID)),
    batches.map(({ ceiling }) => ceiling.totalBytes),
  ];
}

/** The senders and contents, one behind the other, and a column for each number that a message has. */
function messageValues(batches: readonly CeiledBatch[]): Value[] {
  let end = 0;
  const rows = batches.flatMap(({ jobs }, batch) =>
    jobs.map(({ message }, place) => {
      const size = Math.min(message.content.length, PART_SIZE);
      const start = end;
      end += CLIENT_ID_SIZE + size;
      return { batch, place, message, start, size };
    })
  );
  const bytes = new Uint8Array(end);
  for (const { message, start, size } of rows) {
    bytes.set(message.sender, start);
    bytes.set(message.content.subarray(0, size), start + CLIENT_ID_SIZE);
  }
  // SQL counts from 1.
  return [
    bytes,
    rows.map(({ batch }) => batch + 1),
    rows.map(({ place }) => place + 1),
    rows.map(({ start }) => start + 1),
    rows.map(({ size }) => size),
    rows.map(({ message }) => message.type),
    rows.map(({ message, size }) => message.content.length - size),
  ];
}
