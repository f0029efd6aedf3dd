/**
 * A transaction that writes into mailboxes: what it locks and reads first.
 *
 * @module
 */

import { concat, equals } from "@std/bytes";
import type { AccountId } from "../../../../../shared/secure/secure_protocol.ts";
import type { NewSending } from "../../../secure_store.ts";
import { type Query, sql } from "../../connection/statement.ts";
import { idAt } from "../../packed_bytes.ts";
import { highestCount } from "../tables.ts";
import { type LockedDevice, Mailboxes } from "../mailboxes.ts";

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
  /** The highest count that its device told. */
  highestCount: number;
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

// What may stand in a sending's way, for each whose device is there. The highest
// count is the one that was told before, or that of a sending.
const READ = sql(
  `SELECT n, greatest(d.Count, t.highest), t.Digest, coalesce(t.isUsed, false),
    p.Version, p.Closed, r.devices
  FROM (SELECT ${idAt("$1", "3 * n - 2")} AS device,
      ${idAt("$1", "3 * n - 1")} AS uid, ${idAt("$1", "3 * n")} AS account,
      count, n
    FROM unnest($2::bigint[]) WITH ORDINALITY AS u (count, n)) AS s
  JOIN devices AS d ON d.Device = s.device
  CROSS JOIN LATERAL (SELECT ${highestCount("s.device")} AS highest,
    (SELECT Digest FROM taken WHERE Device = s.device AND Uid = s.uid) AS Digest,
    (SELECT true FROM taken WHERE Device = s.device AND taken.Count = s.count
      AND taken.Count >= 0 LIMIT 1) AS isUsed) AS t
  CROSS JOIN LATERAL (SELECT count(*) AS devices FROM devices
    WHERE Account = s.account) AS r
  LEFT JOIN profiles AS p ON p.ID = s.account`,
);

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
  /** Sendings that it has taken, by device. */
  readonly #taken = new Map<string, NewSending[]>();
  /** The recipients' devices. */
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
    const ids = sendings.flatMap(({ envelopes }) =>
      envelopes.map(({ device }) => device)
    );
    const mailboxes = await Mailboxes.lock(query, ids, accounts);
    const found = await readSendings(query, sendings);
    return new MailGroup(query, mailboxes, found, profiles);
  }

  /** What the tables have for a sending. */
  found(sending: NewSending): FoundSending | undefined {
    return this.#found.get(sending);
  }

  /** The digest of the sending that took a uid before, if any. */
  digestBefore(sending: NewSending): Uint8Array | undefined {
    return this.#takenBy(sending).find(({ uid }) => equals(uid, sending.uid))
      ?.digest ?? this.#found.get(sending)?.digest ?? undefined;
  }

  /** Whether another sending took a sending's count before. */
  isCountUsed(sending: NewSending): boolean {
    return this.#found.get(sending)?.isCountUsed ||
      this.#takenBy(sending).some(({ count }) => count === sending.count);
  }

  /** The highest count that a sending's device told. */
  highestCount(sending: NewSending): number {
    const { highestCount = 0 } = this.#found.get(sending) ?? {};
    const counts = this.#takenBy(sending).map(({ count }) => count);
    return Math.max(highestCount, ...counts);
  }

  /** Notes a sending as taken. */
  take(sending: NewSending, time: number): void {
    const { device, uid, count, digest, envelopes } = sending;
    this.#taken.set(device.toHex(), [...this.#takenBy(sending), sending]);
    const waiting = envelopes.length;
    this.mailboxes.take({ device, uid, count, digest, time, waiting });
  }

  /** This group's sendings of a sending's device. */
  #takenBy({ device }: NewSending): readonly NewSending[] {
    return this.#taken.get(device.toHex()) ?? [];
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
  n: number,
  highestCount: number,
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
  for (const [n, highestCount, digest, isCountUsed, ...account] of rows) {
    const sending = sendings[n - 1];
    if (sending === undefined) continue;
    const [version, closed, devices] = account;
    const isClosed = closed === 1;
    found.set(sending, {
      ...{ highestCount, digest, isCountUsed },
      ...{ version, isClosed, devices },
    });
  }
  return found;
}
