/**
 * Mailboxes in a transaction that puts messages into them: their devices' rows
 * are locked, the messages are collected, and all are written by one statement.
 *
 * @module
 */

import { concat, equals } from "@std/bytes";
import {
  type AccountId,
  type DeviceId,
  SendingState,
  type Seq,
  type Uid,
} from "../../../../shared/secure/secure_protocol.ts";
import { PART_SIZE } from "../../store_rows.ts";
import { type Query, sql, type Value } from "../connection/statement.ts";
import { idAt, PackedBytes } from "../packed_bytes.ts";

/** A message for a mailbox. */
export interface NewMail {
  uid: Uid;
  account: AccountId;
  /** The sender's device. */
  fromDevice: DeviceId;
  flags: number;
  /** In milliseconds since 1970. */
  arrived: number;
  /** The same; 0 if it waits for the retention. */
  expires: number;
  content: Uint8Array;
}

/** A sending that goes into mailboxes. */
export interface TakenSending {
  device: DeviceId;
  uid: Uid;
  count: number;
  digest: Uint8Array;
  /** In milliseconds since 1970. */
  time: number;
  /** Number of its envelopes. */
  waiting: number;
}

/** A device that got messages. */
export interface ReachedDevice {
  readonly id: DeviceId;
  /** The last seq that was given out in its mailbox. */
  readonly lastSeq: number;
}

/** A device whose row is locked. */
export interface LockedDevice extends ReachedDevice {
  readonly account: AccountId;
  lastSeq: number;
  /** Messages that wait, and bytes of their contents. */
  messages: number;
  bytes: number;
}

const OF_ACCOUNTS = sql(`SELECT Device FROM devices WHERE Account IN (
    SELECT ${idAt("$1", "n")} FROM generate_series(1, $2::int) AS n)`);

// In the order of the ids, so that relays wait for each other and never in a
// ring. No other row may decide what is locked: a row that changed while it was
// waited for would be tried against that one anew, and could be left out.
const LOCK = sql(`SELECT Device, Account, LastSeq, Waiting, WaitingBytes
    FROM devices WHERE Device IN (
      SELECT ${idAt("$1", "n")} FROM generate_series(1, $2::int) AS n
    ) ORDER BY Device FOR UPDATE`);

const WRITE = sql(`WITH sendings AS (
    INSERT INTO taken (Device, Uid, Count, Digest, State, Time, Waiting, Message)
    SELECT substring($1::bytea FROM start FOR 16),
      substring($1 FROM start + 16 FOR 16), count,
      substring($1 FROM start + 32 FOR 32), ${SendingState.Waits}, time, waiting, 0
    FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::int[])
      AS u (start, count, time, waiting)
  ), messages AS (
    INSERT INTO mail (Device, Seq, Uid, Account, FromDevice, Flags, Arrived,
      Expires, Content, Rest)
    SELECT substring($1 FROM start FOR 16), seq,
      substring($1 FROM start + 16 FOR 16), substring($1 FROM start + 32 FOR 16),
      substring($1 FROM start + 48 FOR 16), flags, arrived, expires,
      substring($1 FROM start + 64 FOR size), rest
    FROM unnest($6::int[], $7::bigint[], $8::smallint[], $9::bigint[],
        $10::bigint[], $11::int[], $12::bigint[])
      AS u (start, seq, flags, arrived, expires, size, rest)
  )
  UPDATE devices SET LastSeq = u.lastSeq, Waiting = u.messages,
    WaitingBytes = u.bytes
  FROM (SELECT ${idAt("$13", "n")} AS device, lastSeq, messages, bytes
    FROM unnest($14::bigint[], $15::bigint[], $16::bigint[])
      WITH ORDINALITY AS t (lastSeq, messages, bytes, n)) AS u
  WHERE devices.Device = u.device`);

const INSERT_PART = sql(
  "INSERT INTO mail_parts (Device, Seq, Part, Content) VALUES ($1, $2, $3, $4)",
);

/** Devices whose rows a transaction has locked, and what it puts into their mailboxes. */
export class Mailboxes {
  readonly #query: Query;
  readonly #devices: Map<string, LockedDevice>;
  readonly #sendings: TakenSending[] = [];
  readonly #mail: PlacedMail[] = [];

  private constructor(query: Query, rows: readonly DeviceRow[]) {
    this.#query = query;
    this.#devices = new Map(rows.map((row) => [row[0].toHex(), deviceOf(row)]));
  }

  /** Locks devices, as far as they are there, and those of accounts. */
  static async lock(
    query: Query,
    ids: readonly DeviceId[],
    accounts: readonly AccountId[],
  ): Promise<Mailboxes> {
    const more = accounts.length === 0
      ? []
      : await query<[DeviceId]>(OF_ACCOUNTS, [
        concat(accounts),
        accounts.length,
      ]);
    const all = [...ids, ...more.map(([id]) => id)];
    const rows = await query<DeviceRow>(LOCK, [concat(all), all.length]);
    return new Mailboxes(query, rows);
  }

  /** A locked device. */
  device(id: DeviceId): LockedDevice | undefined {
    return this.#devices.get(id.toHex());
  }

  /** The locked devices of an account. */
  devicesOf(account: AccountId): LockedDevice[] {
    return this.#devices.values()
      .filter((device) => equals(device.account, account)).toArray();
  }

  /** Notes a sending. */
  take(sending: TakenSending): void {
    this.#sendings.push(sending);
  }

  /** Puts a message into a mailbox. */
  put(device: LockedDevice, mail: NewMail): void {
    device.messages++;
    device.bytes += mail.content.length;
    this.#mail.push({ device, seq: ++device.lastSeq as Seq, mail });
  }

  /** Devices that got messages. */
  get reached(): LockedDevice[] {
    return [...new Set(this.#mail.map(({ device }) => device))];
  }

  /** Writes what was noted and put. */
  async write(): Promise<void> {
    if (this.#mail.length === 0) return;
    const pieces = new PackedBytes();
    const sendings = sendingValues(this.#sendings, pieces);
    const mail = mailValues(this.#mail, pieces);
    const devices = deviceValues(this.reached);
    await this.#query(WRITE, [
      pieces.bytes(),
      ...sendings,
      ...mail,
      ...devices,
    ]);
    await this.#writeParts();
  }

  async #writeParts(): Promise<void> {
    for (const { device, seq, mail: { content } } of this.#mail) {
      for (let part = 1; part * PART_SIZE < content.length; part++) {
        const at = part * PART_SIZE;
        const piece = content.subarray(at, at + PART_SIZE);
        await this.#query(INSERT_PART, [device.id, seq, part, piece]);
      }
    }
  }
}

/** A message with its place. */
interface PlacedMail {
  device: LockedDevice;
  seq: Seq;
  mail: NewMail;
}

/** A column for each number that a sending has. */
function sendingValues(
  sendings: readonly TakenSending[],
  pieces: PackedBytes,
): Value[] {
  const starts = sendings.map(({ device, uid, digest }) => {
    const start = pieces.add(device);
    pieces.add(uid);
    pieces.add(digest);
    return start;
  });
  return [
    starts,
    sendings.map(({ count }) => count),
    sendings.map(({ time }) => time),
    sendings.map(({ waiting }) => waiting),
  ];
}

/** A column for each number that a message has. */
function mailValues(
  mail: readonly PlacedMail[],
  pieces: PackedBytes,
): Value[] {
  const starts = mail.map(({ device, mail }) => {
    const start = pieces.add(device.id);
    pieces.add(mail.uid);
    pieces.add(mail.account);
    pieces.add(mail.fromDevice);
    pieces.add(mail.content.subarray(0, PART_SIZE));
    return start;
  });
  const sizes = mail.map(({ mail: { content: { length } } }) => ({
    size: Math.min(length, PART_SIZE),
    rest: Math.max(length - PART_SIZE, 0),
  }));
  return [
    starts,
    mail.map(({ seq }) => seq),
    mail.map(({ mail }) => mail.flags),
    mail.map(({ mail }) => mail.arrived),
    mail.map(({ mail }) => mail.expires),
    sizes.map(({ size }) => size),
    sizes.map(({ rest }) => rest),
  ];
}

/** Ids one behind the other, and a column for each number that a device has. */
function deviceValues(devices: readonly LockedDevice[]): Value[] {
  return [
    concat(devices.map(({ id }) => id)),
    devices.map(({ lastSeq }) => lastSeq),
    devices.map(({ messages }) => messages),
    devices.map(({ bytes }) => bytes),
  ];
}

type DeviceRow = [
  device: DeviceId,
  account: AccountId,
  lastSeq: number,
  messages: number,
  bytes: number,
];

function deviceOf(
  [id, account, lastSeq, messages, bytes]: DeviceRow,
): LockedDevice {
  return { id, account, lastSeq, messages, bytes };
}
