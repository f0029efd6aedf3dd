/**
 * A transaction that writes into mailboxes: what it locks and reads first.
 *
 * @module
 */

import { concat } from "@std/bytes";
import type {
  AccountId,
  DeviceId,
  Uid,
} from "../../../../shared/secure/secure_protocol.ts";
import type { NewSending } from "../../secure_store.ts";
import { type Query, sql } from "../connection/statement.ts";
import { idAt } from "../packed_bytes.ts";
import { type LockedDevice, Mailboxes } from "./mailboxes.ts";

/** A write into mailboxes. */
export interface MailWrite {
  /** The account that gets the message. */
  readonly recipient: AccountId;
  /** Size of the contents. */
  readonly bytes: number;
  /** The sending that it stores; undefined for a legacy client's message. */
  readonly sending: NewSending | undefined;
  /** Whether the last {@linkcode apply} stored something. */
  readonly isStored: boolean;
  /** Puts its messages into mailboxes, or notes why not; may run again. */
  apply(group: MailGroup): void | Promise<void>;
}

/** What the tables have for a sending. */
export interface FoundSending {
  /** The digest of the sending with its uid; null if there is none. */
  digest: Uint8Array | null;
  /** Whether its count is another one's. */
  isCountUsed: boolean;
  /** Version of the recipient's record; null if it has none. */
  version: number | null;
  /** Whether the recipient's account is deleted. */
  isClosed: boolean;
  /** Number of the recipient's devices. */
  devices: number;
}

/** A secure account that is locked for messages of legacy clients. */
export interface LockedProfile {
  readonly account: AccountId;
  /** The last id that was given out. */
  lastMessage: number;
}

// Before devices, as where records are replaced.
const LOCK_PROFILES = sql(`SELECT ID, LastMessage FROM profiles
    WHERE Closed = 0 AND ID IN (
      SELECT ${idAt("$1", "n")} FROM generate_series(1, $2::int) AS n
    ) ORDER BY ID FOR UPDATE`);

// What may stand in a sending's way. It is read once the devices are locked, so
// that no other relay takes the same uid, or a message, meanwhile.
const READ = sql(`SELECT t.Digest,
    EXISTS (SELECT 1 FROM taken AS c
      WHERE c.Device = s.device AND c.Count = s.count AND c.Count >= 0),
    p.Version, p.Closed,
    (SELECT count(*) FROM devices WHERE devices.Account = s.account)
  FROM (SELECT ${idAt("$1", "3 * n - 2")} AS device,
      ${idAt("$1", "3 * n - 1")} AS uid, ${idAt("$1", "3 * n")} AS account,
      count, n
    FROM unnest($2::bigint[]) WITH ORDINALITY AS u (count, n)) AS s
  LEFT JOIN taken AS t ON t.Device = s.device AND t.Uid = s.uid
  LEFT JOIN profiles AS p ON p.ID = s.account ORDER BY n`);

const RECORD = sql("SELECT Record FROM profiles WHERE ID = $1");

const CLOCK = sql(
  "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
);

const RAISE_MESSAGES = sql(`UPDATE profiles SET LastMessage = u.lastMessage
  FROM (SELECT ${idAt("$1", "n")} AS id, lastMessage
    FROM unnest($2::bigint[]) WITH ORDINALITY AS t (lastMessage, n)) AS u
  WHERE profiles.ID = u.id`);

/** A group of writes in their transaction. */
export class MailGroup {
  readonly #query: Query;
  readonly #found: Map<NewSending, FoundSending>;
  readonly #profiles: Map<string, LockedProfile>;
  /** Sendings that it has taken, by device and uid. */
  readonly #taken = new Map<string, NewSending>();
  /** The devices of senders and recipients. */
  readonly mailboxes: Mailboxes;

  private constructor(
    query: Query,
    mailboxes: Mailboxes,
    found: Map<NewSending, FoundSending>,
    profiles: Map<string, LockedProfile>,
  ) {
    this.#query = query;
    this.mailboxes = mailboxes;
    this.#found = found;
    this.#profiles = profiles;
  }

  /** Locks what the writes are about, and reads it. */
  static async begin(
    query: Query,
    writes: readonly MailWrite[],
  ): Promise<MailGroup> {
    const sendings = writes.flatMap(({ sending }) => sending ?? []);
    const accounts = writes.filter(({ sending }) => sending === undefined)
      .map(({ recipient }) => recipient);
    const profiles = await lockProfiles(query, accounts);
    const ids = sendings.flatMap(({ device, envelopes }) => [
      device,
      ...envelopes.map(({ device }) => device),
    ]);
    const mailboxes = await Mailboxes.lock(query, ids, accounts);
    const found = await readSendings(query, sendings);
    return new MailGroup(query, mailboxes, found, profiles);
  }

  /** What the tables have for a sending. */
  found(sending: NewSending): FoundSending | undefined {
    return this.#found.get(sending);
  }

  /** The sending of this group that took a uid of a device before. */
  takenBefore({ device, uid }: NewSending): NewSending | undefined {
    return this.#taken.get(keyOf(device, uid));
  }

  /** Whether a sending of this group took a count of a device before. */
  isCountTaken({ device, count }: NewSending): boolean {
    const key = device.toHex();
    return this.#taken.values().some((other) =>
      other.count === count && other.device.toHex() === key
    );
  }

  /** Notes a sending as taken. */
  take(sender: LockedDevice, sending: NewSending, time: number): void {
    const { device, uid, count, digest, envelopes } = sending;
    this.#taken.set(keyOf(device, uid), sending);
    const waiting = envelopes.length;
    this.mailboxes.take(sender, { device, uid, count, digest, time, waiting });
  }

  /** A secure account that gets a legacy client's message; undefined if there is none. */
  profile(account: AccountId): LockedProfile | undefined {
    return this.#profiles.get(account.toHex());
  }

  /** The newest record of an account. */
  async record(account: AccountId): Promise<Uint8Array | undefined> {
    return (await this.#query<[Uint8Array]>(RECORD, [account]))[0]?.[0];
  }

  /** The database's clock, in milliseconds since 1970. */
  async now(): Promise<number> {
    return (await this.#query<[number]>(CLOCK))[0]?.[0] ?? 0;
  }

  /** Writes all that was put; returns the devices that got messages. */
  async write(): Promise<LockedDevice[]> {
    await this.mailboxes.write();
    const profiles = [...this.#profiles.values()];
    if (profiles.length > 0) {
      await this.#query(RAISE_MESSAGES, [
        concat(profiles.map(({ account }) => account)),
        profiles.map(({ lastMessage }) => lastMessage),
      ]);
    }
    return this.mailboxes.reached;
  }
}

function keyOf(device: DeviceId, uid: Uid): string {
  return device.toHex() + uid.toHex();
}

async function lockProfiles(
  query: Query,
  accounts: readonly AccountId[],
): Promise<Map<string, LockedProfile>> {
  if (accounts.length === 0) return new Map();
  const values = [concat(accounts), accounts.length];
  const rows = await query<[AccountId, number]>(LOCK_PROFILES, values);
  return new Map(
    rows.map(([account, lastMessage]) => [
      account.toHex(),
      { account, lastMessage },
    ]),
  );
}

type FoundRow = [
  digest: Uint8Array | null,
  isCountUsed: boolean,
  version: number | null,
  closed: number | null,
  devices: number,
];

async function readSendings(
  query: Query,
  sendings: readonly NewSending[],
): Promise<Map<NewSending, FoundSending>> {
  const found = new Map<NewSending, FoundSending>();
  if (sendings.length === 0) return found;
  const rows = await query<FoundRow>(READ, [
    concat(
      sendings.flatMap(({ device, uid, account }) => [device, uid, account]),
    ),
    sendings.map(({ count }) => count),
  ]);
  for (const [i, sending] of sendings.entries()) {
    const row = rows[i];
    if (row === undefined) continue;
    const [digest, isCountUsed, version, closed, devices] = row;
    const isClosed = closed === 1;
    found.set(sending, { digest, isCountUsed, version, isClosed, devices });
  }
  return found;
}
