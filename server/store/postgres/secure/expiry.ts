import { concat } from "@std/bytes";
import {
  type DeviceId,
  SendingState,
  type Uid,
} from "../../../../shared/secure/secure_protocol.ts";
import { runsOf } from "../../id_runs.ts";
import { type Query, quickSql, sql } from "../connection/statement.ts";
import { NOW } from "../schema.ts";
import { firstOf, KeyWalk } from "../key_walk.ts";
import { idAt } from "../packed_bytes.ts";
import { dropMail } from "./drop_mail.ts";

const NEXT_MAIL = quickSql(`SELECT Device, Seq,
      CASE WHEN Expires = 0 THEN Arrived + $4::bigint ELSE Expires END <= $5::bigint,
      octet_length(Content) + Rest
    FROM mail WHERE (Device, Seq) > ($1::bytea, $2::bigint)
    ORDER BY Device, Seq LIMIT $3`);

// A sending that was stored while its device was removed has no device. EXISTS
// could be read from a table of all devices, made anew for each look.
const NEXT_SENDINGS = quickSql(`SELECT Device, Uid,
      State <> ${SendingState.Waits} AND Time <= $4::bigint
        OR (SELECT Device FROM devices WHERE Device = taken.Device) IS NULL
    FROM taken WHERE (Device, Uid) > ($1::bytea, $2::bytea)
    ORDER BY Device, Uid LIMIT $3`);

// The device keeps the highest count of what is forgotten. Rows are locked in
// the order of `dropMail`: relays wait for each other and never in a ring.
const FORGET = sql(`WITH due AS MATERIALIZED (
    SELECT ${idAt("$1", "2 * n - 1")} AS device, ${idAt("$1", "2 * n")} AS uid
    FROM generate_series(1, $2::int) AS n
  ), owners AS MATERIALIZED (
    SELECT Device FROM devices WHERE Device IN (SELECT device FROM due)
    ORDER BY Device FOR UPDATE
  ), sendings AS MATERIALIZED (
    SELECT t.Device, t.Uid FROM due JOIN taken AS t
      ON t.Device = due.device AND t.Uid = due.uid
    WHERE (SELECT count(*) FROM owners) >= 0
    ORDER BY t.Device, t.Uid FOR UPDATE OF t
  ), gone AS MATERIALIZED (
    DELETE FROM taken AS t USING sendings AS s
    WHERE t.Device = s.Device AND t.Uid = s.Uid
    RETURNING t.Device, t.Count
  ), raised AS (
    UPDATE devices SET Count = g.count
    FROM (SELECT Device, max(Count) AS count FROM gone GROUP BY Device) AS g
    WHERE devices.Device = g.Device AND devices.Count < g.count
  )
  SELECT count(*) FROM gone`);

const NEXT_OLD = quickSql(`SELECT Device, Seq, Arrived < ${NOW} - $4::bigint,
      octet_length(Content) + Rest
    FROM mail WHERE (Device, Seq) > ($1::bytea, $2::bigint)
    ORDER BY Device, Seq LIMIT $3`);

type MailRow = [device: DeviceId, seq: number, isDue: boolean, size: number];
type SendingRow = [device: DeviceId, uid: Uid, isDue: boolean];

/** Deletes messages whose lifetime is over, and forgets sendings. */
export class Expiry {
  readonly #query: Query;
  readonly #mail: KeyWalk<MailRow>;
  readonly #sendings: KeyWalk<SendingRow>;

  constructor(query: Query) {
    const nothing = new Uint8Array(0);
    this.#query = query;
    this.#mail = new KeyWalk(query, NEXT_MAIL, [nothing, 0]);
    this.#sendings = new KeyWalk(query, NEXT_SENDINGS, [nothing, nothing]);
  }

  /** Deletes and forgets some: see `SecureStore.expire`. */
  async expire(retention: number, most: number, now: number): Promise<number> {
    const messages = await this.#mail.remove(
      [retention, now],
      (due) => firstOf(due, most),
      (some) =>
        dropMail(this.#query, byMailbox(some), SendingState.Expired, now),
    );
    const sendings = await this.#sendings.remove(
      [now - retention],
      (due) => due.slice(0, most),
      (some) => this.#forget(some),
    );
    return messages + sendings;
  }

  async #forget(rows: readonly SendingRow[]): Promise<number> {
    const ids = rows.flatMap(([device, uid]) => [device, uid]);
    const values = [concat(ids), rows.length];
    return (await this.#query<[number]>(FORGET, values))[0]?.[0] ?? 0;
  }
}

/** Deletes messages in mailboxes that have waited for too long, whatever their lifetime. */
export class OldMail {
  readonly #query: Query;
  readonly #walk: KeyWalk<MailRow>;

  constructor(query: Query) {
    this.#query = query;
    this.#walk = new KeyWalk(query, NEXT_OLD, [new Uint8Array(0), 0]);
  }

  /** Deletes some that have waited for longer: see `Store.purge`. */
  async purge(age: number, most: number): Promise<number> {
    return await this.#walk.remove(
      [age],
      (due) => firstOf(due, most),
      (some) =>
        dropMail(
          this.#query,
          byMailbox(some),
          SendingState.Expired,
          Date.now(),
        ),
    );
  }
}

/** Rows that are in the order of their mailboxes. */
function byMailbox(rows: readonly MailRow[]) {
  const mailboxes = Map.groupBy(rows, ([device]) => device.toHex());
  return [...mailboxes.values()].map((rows) => ({
    device: rows[0]?.[0] as DeviceId,
    runs: runsOf(rows.map(([, seq]) => seq)),
  }));
}
