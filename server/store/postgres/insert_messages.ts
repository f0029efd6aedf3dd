/**
 * The statement that puts a group of messages into their inboxes: one round
 * trip for messages of many connections, and one commit.
 *
 * @module
 */

import { CLIENT_ID_SIZE, MAX_MESSAGE_ID } from "../../../shared/protocol.ts";
import type { Query, Statement } from "./database.ts";
import type { Batch } from "./inbox_queue.ts";
import type { Ceiling } from "./inbox_ceilings.ts";
import { PART_SIZE } from "./schema.ts";

// The locks are taken in the order of the ids, so that relays wait for each
// other and never in a ring. Whoever waited sees the row as the other left it,
// so ids rise with the commits. What has no fixed size goes as bytes in one
// piece, of which each row takes its own: arrays of bytes would go as text.
const INSERT: Statement = {
  name: "insert-messages",
  text: `WITH inboxes AS MATERIALIZED (
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
      substring($6 FROM m.start + ${CLIENT_ID_SIZE} FOR m.size), m.rest, $12::bigint
    FROM unnest($7::int[], $8::int[], $9::int[], $10::int[], $11::int[], $13::bigint[])
      AS m (batch, place, start, size, type, rest)
    JOIN inboxes AS i ON i.batch = m.batch AND i.fits
  )
  SELECT batch, fits, LastMessage, TotalBytes FROM inboxes`,
};

/** What became of a batch. */
export interface BatchOutcome {
  /** Whether it is in its inbox. */
  fits: boolean;
  /** The id before its first message's. */
  lastMessage: number;
  /** Bytes that had ever come into the inbox before. */
  totalBytes: number;
}

/** A batch, and how high the counters of its inbox may rise. */
export interface CeiledBatch extends Batch {
  /** The highest they may be. */
  ceiling: Ceiling;
}

/**
 * Puts batches into their inboxes, each as a whole or not at all. Of contents
 * that are larger than {@linkcode PART_SIZE} only the beginning is.
 *
 * @returns what became of each; undefined where nobody has the recipient's id
 */
export async function insertMessages(
  query: Query,
  batches: readonly CeiledBatch[],
  now: number,
): Promise<(BatchOutcome | undefined)[]> {
  const rows = await query<[number, boolean, number, number]>(
    INSERT,
    encode(batches, now),
  );
  const outcomes = batches.map((): BatchOutcome | undefined => undefined);
  for (const [batch, fits, lastMessage, totalBytes] of rows) {
    outcomes[batch - 1] = { fits, lastMessage, totalBytes };
  }
  return outcomes;
}

function encode(batches: readonly CeiledBatch[], now: number) {
  const jobs = batches.flatMap(({ jobs }) => jobs);
  const inRow = (size: number) => Math.min(size, PART_SIZE);
  const recipients = new Uint8Array(batches.length * CLIENT_ID_SIZE);
  const bytes = new Uint8Array(
    jobs.reduce(
      (sum, { message }) =>
        sum + CLIENT_ID_SIZE + inRow(message.content.length),
      0,
    ),
  );
  const perBatch = { messages: [], bytes: [], last: [], total: [] } as Columns<
    "messages" | "bytes" | "last" | "total"
  >;
  const perMessage = {
    batch: [],
    place: [],
    start: [],
    size: [],
    type: [],
    rest: [],
  } as Columns<"batch" | "place" | "start" | "size" | "type" | "rest">;
  let at = 0;
  for (const [index, { jobs, ceiling }] of batches.entries()) {
    let sum = 0;
    for (const [place, { message }] of jobs.entries()) {
      const { sender, type, content } = message;
      const size = inRow(content.length);
      bytes.set(sender, at);
      bytes.set(content.subarray(0, size), at + CLIENT_ID_SIZE);
      perMessage.batch.push(index + 1);
      perMessage.place.push(place + 1);
      perMessage.start.push(at + 1);
      perMessage.size.push(size);
      perMessage.type.push(type);
      perMessage.rest.push(content.length - size);
      at += CLIENT_ID_SIZE + size;
      sum += content.length;
      if (place === 0) {
        recipients.set(message.recipient, index * CLIENT_ID_SIZE);
      }
    }
    perBatch.messages.push(jobs.length);
    perBatch.bytes.push(sum);
    perBatch.last.push(Math.min(ceiling.lastMessage, MAX_MESSAGE_ID));
    perBatch.total.push(ceiling.totalBytes);
  }
  return [
    recipients,
    perBatch.messages,
    perBatch.bytes,
    perBatch.last,
    perBatch.total,
    bytes,
    perMessage.batch,
    perMessage.place,
    perMessage.start,
    perMessage.size,
    perMessage.type,
    now,
    perMessage.rest,
  ];
}

type Columns<Name extends string> = Record<Name, number[]>;
