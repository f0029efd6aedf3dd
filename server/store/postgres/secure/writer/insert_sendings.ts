/**
 * The statement that stores sendings to accounts of one device that nothing
 * stands in the way of: one round trip for those of many connections, and one
 * commit.
 *
 * @module
 */

import {
  type DeviceId,
  SendingState,
} from "../../../../../shared/secure/secure_protocol.ts";
import type { NewSending } from "../../../secure_store.ts";
import type { Quota } from "../../../store.ts";
import { type Query, sql } from "../../connection/statement.ts";
import { PackedBytes } from "../../packed_bytes.ts";
import type { ReachedDevice } from "../mailboxes.ts";
import { highestCount } from "../tables.ts";

// Mailboxes are locked in the order of their devices, so that relays wait for
// each other and never in a ring. What another transaction took meanwhile is met
// as a conflict, and isn't stored again.
const INSERT = sql(`WITH mailboxes AS MATERIALIZED (
    SELECT s.*, LastSeq, Waiting, WaitingBytes FROM (
      SELECT n, substring($1::bytea FROM start FOR 16) AS device,
        substring($1 FROM start + 16 FOR 16) AS uid,
        substring($1 FROM start + 32 FOR 16) AS sender,
        substring($1 FROM start + 48 FOR 16) AS account,
        substring($1 FROM start + 64 FOR 16) AS recipient,
        substring($1 FROM start + 80 FOR 32) AS digest,
        start + 112 AS start, size, count, version, expires
      FROM unnest($2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
        WITH ORDINALITY AS u (start, size, count, version, expires, n)
    ) AS s JOIN devices AS d ON d.Device = s.recipient AND d.Account = s.account
    ORDER BY d.Device FOR UPDATE OF d
  ), free AS MATERIALIZED (
    SELECT m.*, d.Count AS told FROM (
      SELECT *, Waiting + row_number() OVER mailbox <= $8::bigint
        AND WaitingBytes + sum(size) OVER mailbox <= $9::bigint AS fits
      FROM mailboxes
      WINDOW mailbox AS (PARTITION BY recipient ORDER BY n
        ROWS UNBOUNDED PRECEDING)
    ) AS m JOIN devices AS d ON d.Device = m.device
    JOIN profiles AS p ON p.ID = m.account AND p.Version = m.version
    WHERE fits AND (SELECT count(*) FROM devices WHERE Account = m.account) = 1
  ), accepted AS (
    INSERT INTO taken (Device, Uid, Count, Digest, State, Time, Waiting, Message)
    SELECT device, uid, count, digest, ${SendingState.Waits}, $7::bigint, 1, 0
    FROM free ON CONFLICT DO NOTHING RETURNING Device
  ), stored AS MATERIALIZED (
    SELECT free.*, row_number() OVER (PARTITION BY recipient ORDER BY n) AS place
    FROM accepted JOIN free ON free.device = accepted.Device
  ), inserted AS (
    INSERT INTO mail (Device, Seq, Uid, Account, FromDevice, Flags, Arrived,
      Expires, Content, Rest)
    SELECT recipient, LastSeq + place, uid, sender, device, 0, $7, expires,
      substring($1 FROM start FOR size), 0 FROM stored
  ), raised AS (
    UPDATE devices SET LastSeq = devices.LastSeq + s.messages,
      Waiting = devices.Waiting + s.messages,
      WaitingBytes = devices.WaitingBytes + s.bytes
    FROM (SELECT recipient, count(*) AS messages, sum(size)::bigint AS bytes
      FROM stored GROUP BY recipient) AS s
    WHERE devices.Device = s.recipient
  )
  SELECT n, greatest(count, told, ${highestCount("stored.device")}), recipient,
    LastSeq + place
  FROM stored`);

/** What was stored of some sendings. */
export interface StoredSendings {
  /** The highest count that the device told, of each that was stored. */
  highestCounts: Map<NewSending, number>;
  /** The devices that got messages. */
  reached: readonly ReachedDevice[];
}

type Row = [n: number, highest: number, recipient: DeviceId, lastSeq: number];

/** A sending with a single envelope. */
export interface SingleSending {
  sending: NewSending;
  envelope: NewSending["envelopes"][number];
}

/**
 * Stores sendings of different devices, as far as nothing is in their way: why
 * it is needs another look.
 *
 * @param quota of each mailbox
 * @param now in milliseconds since 1970
 */
export async function insertSendings(
  query: Query,
  singles: readonly SingleSending[],
  quota: Quota,
  now: number,
): Promise<StoredSendings> {
  const sendings = singles.map(({ sending }) => sending);
  const pieces = new PackedBytes();
  const starts = singles.map(({ sending, envelope }) => {
    const start = pieces.add(sending.device);
    pieces.add(sending.uid);
    pieces.add(sending.sender);
    pieces.add(sending.account);
    pieces.add(envelope.device);
    pieces.add(sending.digest);
    pieces.add(envelope.content);
    return start;
  });
  const rows = await query<Row>(INSERT, [
    pieces.bytes(),
    starts,
    singles.map(({ envelope }) => envelope.content.length),
    sendings.map(({ count }) => count),
    sendings.map(({ recordVersion }) => recordVersion),
    sendings.map(({ lifetime }) => now + lifetime),
    now,
    quota.messages || Number.MAX_SAFE_INTEGER,
    quota.bytes || Number.MAX_SAFE_INTEGER,
  ]);
  const highestCounts = new Map<NewSending, number>();
  for (const [n, highest] of rows) {
    const sending = sendings[n - 1];
    if (sending !== undefined) highestCounts.set(sending, highest);
  }
  const reached = rows.map(([, , id, lastSeq]) => ({ id, lastSeq }));
  return { highestCounts, reached };
}
