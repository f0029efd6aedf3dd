/**
 * The statement that deletes messages of mailboxes, and notes what became of
 * their sendings.
 *
 * @module
 */

import { concat } from "@std/bytes";
import {
  type DeviceId,
  SendingState,
} from "../../../../shared/secure/secure_protocol.ts";
import type { IdRun } from "../../id_runs.ts";
import { type Query, sql } from "../connection/statement.ts";
import { idAt } from "../packed_bytes.ts";

/** Messages of one mailbox. */
export interface MailDeletion {
  device: DeviceId;
  /** Their seqs. */
  runs: readonly IdRun[];
}

// Rows of devices are locked in the order of their ids, as by sendings, and then
// those of taken: relays wait for each other and never in a ring.
const DROP = sql(`WITH runs AS MATERIALIZED (
    SELECT d.Device, u.first, u.last FROM (
      SELECT ${idAt("$1", "owner")} AS device, first, last
      FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS t (owner, first, last)
    ) AS u JOIN devices AS d ON d.Device = u.device AND u.last <= d.LastSeq
    ORDER BY d.Device FOR UPDATE OF d
  ), pieces AS (
    DELETE FROM mail_parts AS p USING runs AS r
    WHERE p.Device = r.Device AND p.Seq BETWEEN r.first AND r.last
  ), gone AS MATERIALIZED (
    DELETE FROM mail AS m USING runs AS r
    WHERE m.Device = r.Device AND m.Seq BETWEEN r.first AND r.last
    RETURNING m.Device, m.FromDevice, m.Uid, octet_length(m.Content) + m.Rest AS size
  ), emptied AS (
    UPDATE devices SET Waiting = devices.Waiting - g.messages,
      WaitingBytes = devices.WaitingBytes - g.bytes
    FROM (SELECT Device, count(*) AS messages, sum(size)::bigint AS bytes
      FROM gone GROUP BY Device) AS g
    WHERE devices.Device = g.Device
  ), sendings AS MATERIALIZED (
    SELECT t.Device, t.Uid, g.envelopes
    FROM (SELECT FromDevice, Uid, count(*)::int AS envelopes
      FROM gone GROUP BY FromDevice, Uid) AS g
    JOIN taken AS t ON t.Device = g.FromDevice AND t.Uid = g.Uid
    ORDER BY t.Device, t.Uid FOR UPDATE OF t
  ), noted AS (
    UPDATE taken SET Waiting = taken.Waiting - s.envelopes,
      State = CASE WHEN ${isSettled()} THEN $5::smallint ELSE State END,
      Time = CASE WHEN ${isSettled()} THEN $6::bigint ELSE Time END
    FROM sendings AS s WHERE taken.Device = s.Device AND taken.Uid = s.Uid
  )
  SELECT count(*) FROM gone`);

// Taken once one device acknowledged it, expired once no envelope waits.
function isSettled(): string {
  const { Waits, Taken } = SendingState;
  return `State = ${Waits}
    AND ($5::smallint = ${Taken} OR taken.Waiting <= s.envelopes)`;
}

/**
 * Deletes messages with their parts. A run that ends above the mailbox's last
 * seq deletes nothing.
 *
 * @param state what it makes of their sendings
 * @param now milliseconds since 1970
 * @returns how many there were
 */
export async function dropMail(
  query: Query,
  deletions: readonly MailDeletion[],
  state: SendingState,
  now: number,
): Promise<number> {
  const rows = deletions.flatMap(({ runs }, i) =>
    runs.map(([first, last]) => ({ owner: i + 1, first, last }))
  );
  const [row] = await query<[number]>(DROP, [
    concat(deletions.map(({ device }) => device)),
    rows.map(({ owner }) => owner),
    rows.map(({ first }) => first),
    rows.map(({ last }) => last),
    state,
    now,
  ]);
  return row?.[0] ?? 0;
}
