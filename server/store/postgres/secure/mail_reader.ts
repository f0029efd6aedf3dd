/**
 * Reads what waits in mailboxes.
 *
 * @module
 */

import type {
  AccountId,
  DeviceId,
  Seq,
  Uid,
} from "../../../../shared/secure/secure_protocol.ts";
import {
  type Mail,
  MAIL_OVERHEAD,
  type MailBatch,
} from "../../secure_store.ts";
import { type ResponseMemory, restOf } from "../../store.ts";
import { PART_SIZE } from "../../store_rows.ts";
import { type Query, quickSql } from "../connection/statement.ts";

/** Messages that are looked at at a time for a response. */
const MESSAGES_AT_ONCE = 128;

// The last seq is of the same moment as the messages, also where there are none.
const MAIL = quickSql(`SELECT devices.LastSeq, m.* FROM devices LEFT JOIN (
    SELECT Seq, Uid, Account, FromDevice, Flags, Arrived, size, Content FROM (
      SELECT *, row_number() OVER mailbox AS place,
        sum(size + ${MAIL_OVERHEAD}) OVER mailbox AS total
      FROM (
        SELECT Seq, Uid, Account, FromDevice, Flags, Arrived,
          octet_length(Content) + Rest AS size, Content
        FROM mail WHERE Device = $1 AND Seq > $2 ORDER BY Seq LIMIT $3
      ) AS oldest
      WINDOW mailbox AS (ORDER BY Seq ROWS UNBOUNDED PRECEDING)
    ) AS counted
    WHERE total <= $4::bigint OR place <= $5::int
  ) AS m ON true
  WHERE devices.Device = $1 ORDER BY Seq`);

const NEEDED = quickSql(
  `SELECT coalesce(sum(size), 0)::bigint,
    coalesce((array_agg(size ORDER BY Seq))[1], 0)::bigint FROM (
    SELECT Seq, octet_length(Content) + ${MAIL_OVERHEAD} AS size FROM mail
    WHERE Device = $1 AND Seq > $2 ORDER BY Seq LIMIT ${MESSAGES_AT_ONCE}
  ) AS oldest`,
);

const PART = quickSql(
  "SELECT Content FROM mail_parts WHERE Device = $1 AND Seq = $2 AND Part = $3",
);

type Row = [
  lastSeq: Seq,
  seq: Seq | null,
  uid: Uid,
  account: AccountId,
  device: DeviceId,
  flags: number,
  arrived: number,
  size: number,
  content: Uint8Array,
];

/** Reads the oldest messages: see `SecureStore.mail`. */
export async function readMail(
  query: Query,
  device: DeviceId,
  after: Seq,
  most: number,
  memory?: ResponseMemory,
): Promise<MailBatch> {
  let left = most;
  // The first message comes whatever its size: of a large one the first part.
  const least = PART_SIZE + MAIL_OVERHEAD;
  if (memory !== undefined && !memory.tryReserve(Math.max(left, least))) {
    const [row] = await query<[number, number]>(NEEDED, [device, after]);
    const [all, first] = row ?? [0, 0];
    left = Math.min(most, all);
    await memory.reserve(Math.max(left, first));
  }
  const mail: Mail[] = [];
  for (let lastSeq = 0 as Seq;;) {
    const isFirst = mail.length === 0;
    const rows = await query<Row>(MAIL, [
      device,
      mail.at(-1)?.seq ?? after,
      MESSAGES_AT_ONCE,
      left,
      // One at least, however large.
      isFirst ? 1 : 0,
    ]);
    if (isFirst) lastSeq = rows[0]?.[0] ?? 0 as Seq;
    for (const [, seq, uid, account, device, ...kept] of rows) {
      if (seq === null) continue;
      const [flags, arrived, size, content] = kept;
      mail.push({ seq, uid, account, device, flags, arrived, size, content });
      left -= size + MAIL_OVERHEAD;
    }
    if (rows.length < MESSAGES_AT_ONCE || left <= 0) return { lastSeq, mail };
  }
}

/** Reads the rest of a large content: see `SecureStore.restOfMail`. */
export function restOfMail(
  query: Query,
  device: DeviceId,
  mail: Mail,
): AsyncIterable<Uint8Array> {
  return restOf(mail, async (part) => {
    const values = [device, mail.seq, part];
    const [row] = await query<[Uint8Array]>(PART, values);
    return row?.[0];
  });
}
