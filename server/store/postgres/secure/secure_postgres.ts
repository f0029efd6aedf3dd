/**
 * The secure accounts in a database that speaks PostgreSQL's protocol.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { PackageKind } from "../../../../shared/secure/key_package.ts";
import {
  type AccountId,
  type DeviceId,
  SendingState,
  type Seq,
  type Uid,
} from "../../../../shared/secure/secure_protocol.ts";
import type { CommitFigures } from "../../commit_figures.ts";
import { LruCache } from "../../lru_cache.ts";
import type {
  ClaimedPackages,
  DeviceState,
  LegacySendingResult,
  Mail,
  MailBatch,
  NewLegacySending,
  NewPackage,
  NewProfile,
  NewSending,
  SecureAccount,
  SecureStore,
  SendingOutcome,
  SendingResult,
  StoredDevice,
  StoredRecord,
} from "../../secure_store.ts";
import type {
  NewMessage,
  Quota,
  ResponseMemory,
  SendResult,
} from "../../store.ts";
import type { Database } from "../connection/database.ts";
import { type Query, quickSql, sql } from "../connection/statement.ts";
import type { InboxQueue } from "../inbox_queue.ts";
import type { MessageWriter } from "../message_writer.ts";
import { idAt } from "../packed_bytes.ts";
import { closeAccount, replaceRecord } from "./accounts.ts";
import { registerProfile } from "./registration.ts";
import {
  type Acknowledgement,
  acknowledgementQueue,
} from "./acknowledgements.ts";
import { Arrivals } from "./arrivals.ts";
import { Expiry } from "./expiry.ts";
import { readMail, restOfMail } from "./mail_reader.ts";
import { highestCount } from "./tables.ts";
import { MailWriter } from "./writer/mail_writer.ts";
import { claimPackages, publishPackages } from "./packages.ts";

/** Devices whose keys are cached. */
const MOST_CACHED = 100_000;
/** Messages that are counted one by one at most. */
const MOST_COUNTED = 100_000;

/** What the store of legacy clients does for that of secure accounts. */
export interface LegacyStore {
  /** Looks whether users, or records, were changed elsewhere. */
  refreshUsers(): Promise<void>;
  /** Forgets at once what was changed here. */
  usersChanged(): Promise<void>;
  readonly usersVersion: number;
}

/** The secure accounts of a database. */
export class PostgresSecureStore implements SecureStore {
  readonly #database: Database;
  readonly #query: Query;
  readonly #commits: CommitFigures;
  readonly #legacy: LegacyStore;
  readonly #messages: MessageWriter;
  readonly #devices = new LruCache<StoredDevice>(MOST_CACHED);
  readonly #arrivals: Arrivals;
  readonly #mail: MailWriter;
  readonly #acknowledgements: InboxQueue<Acknowledgement, void>;
  readonly #expiry: Expiry;

  /**
   * @param messages writes into the inboxes of legacy clients
   * @param commits counts each commit
   */
  constructor(
    database: Database,
    legacy: LegacyStore,
    messages: MessageWriter,
    commits: CommitFigures,
  ) {
    const { query } = database;
    this.#database = database;
    this.#query = query;
    this.#commits = commits;
    this.#legacy = legacy;
    this.#messages = messages;
    this.#arrivals = new Arrivals(query);
    this.#mail = new MailWriter(
      database,
      commits,
      (devices) => this.#arrivals.reached(devices),
    );
    this.#acknowledgements = acknowledgementQueue(query, commits);
    this.#expiry = new Expiry(query);
  }

  async register(profile: NewProfile, now: Date): Promise<boolean> {
    const begin = performance.now();
    if (!await registerProfile(this.#database, profile, now)) return false;
    this.#commits.record(1, performance.now() - begin);
    if (profile.isLift) await this.#legacy.usersChanged();
    return true;
  }

  async lookUp(
    by: { name: string } | { account: AccountId },
  ): Promise<SecureAccount | "closed" | undefined> {
    const [row] = "name" in by
      ? await this.#query<AccountRow>(BY_NAME, [by.name])
      : await this.#query<AccountRow>(BY_ID, [by.account]);
    if (row === undefined) return undefined;
    const [account, publicKey, record, closed] = row;
    if (closed === 1) return "closed";
    return { account, publicKey, record: record ?? undefined };
  }

  async newestRecord(account: AccountId): Promise<Uint8Array | undefined> {
    const [row] = await this.#query<[Uint8Array]>(RECORD, [account]);
    return row?.[0];
  }

  async device(id: DeviceId): Promise<StoredDevice | undefined> {
    await this.#legacy.refreshUsers();
    const key = id.toHex();
    const known = this.#devices.get(key);
    if (known !== undefined) return known;
    const { usersVersion } = this.#legacy;
    const [row] = await this.#query<DeviceRow>(DEVICE, [id]);
    if (row === undefined) return undefined;
    const [account, signingKey, recordVersion] = row;
    const device = { account, signingKey, recordVersion };
    // It may have been read before a record was replaced.
    if (usersVersion === this.#legacy.usersVersion) {
      this.#devices.set(key, device);
    }
    return device;
  }

  async authenticated(
    id: DeviceId,
    count: number,
    now: Date,
  ): Promise<DeviceState | undefined> {
    const values = [id, count, now.getTime()];
    const [row] = await this.#query<StateRow>(AUTHENTICATED, values);
    if (row === undefined) return undefined;
    const [highestCount, recordVersion, singleUseLeft, waiting] = row;
    return { highestCount, recordVersion, singleUseLeft, waiting };
  }

  async replaceRecord(
    record: StoredRecord,
    previous: Uint8Array,
    now: Date,
  ): Promise<boolean> {
    if (!await replaceRecord(this.#database, record, previous, now)) {
      return false;
    }
    await this.#legacy.usersChanged();
    return true;
  }

  claim(
    account: AccountId,
    devices: readonly DeviceId[],
    withSingle: boolean,
  ): Promise<readonly ClaimedPackages[] | undefined> {
    return claimPackages(this.#query, account, devices, withSingle);
  }

  publish(
    device: DeviceId,
    packages: readonly NewPackage[],
  ): Promise<number> {
    return publishPackages(this.#query, device, packages);
  }

  send(sending: NewSending, quota: Quota, now: Date): Promise<SendingResult> {
    return this.#mail.send(sending, quota, now);
  }

  async sendLegacy(
    sending: NewLegacySending,
    quota: Quota,
    now: Date,
  ): Promise<LegacySendingResult> {
    const result = await this.#messages.sendOnce(sending, quota, now);
    if (!("refused" in result && result.refused === "unknown_target")) {
      return result;
    }
    const [row] = await this.#query<[number]>(IS_OPEN, [sending.target]);
    return row === undefined ? result : { refused: "secured" };
  }

  /** Stores a message of a legacy client in the mailboxes of an account, if it is a secure one. */
  keepLegacy(message: NewMessage, quota: Quota): Promise<SendResult> {
    return this.#mail.sendLegacy(message, quota);
  }

  async acknowledge(device: DeviceId, upTo: Seq, now: Date): Promise<void> {
    const job = { device, upTo, now: now.getTime() };
    await this.#acknowledgements.add(device, job);
  }

  mail(
    device: DeviceId,
    after: Seq,
    most: number,
    memory?: ResponseMemory,
  ): Promise<MailBatch> {
    return readMail(this.#query, device, after, most, memory);
  }

  restOfMail(device: DeviceId, mail: Mail): AsyncIterable<Uint8Array> {
    return restOfMail(this.#query, device, mail);
  }

  arrival(device: DeviceId, after: Seq, signal: AbortSignal): Promise<void> {
    return this.#arrivals.wait(device, after, signal);
  }

  async outcomes(
    device: DeviceId,
    uids: readonly Uid[],
  ): Promise<readonly SendingOutcome[]> {
    const values = [device, concat(uids), uids.length];
    const rows = await this.#query<[SendingState, number]>(OUTCOMES, values);
    return rows.map(([state, time]) => ({
      state,
      time: state === SendingState.Unknown ? 0 : time,
    }));
  }

  async deleteAccount(account: AccountId): Promise<boolean> {
    if (!await closeAccount(this.#database, account)) return false;
    await this.#legacy.usersChanged();
    return true;
  }

  expire(retention: number, most: number, now: Date): Promise<number> {
    return this.#expiry.expire(retention, most, now.getTime());
  }

  async countMail(): Promise<number> {
    const [row] = await this.#query<[number]>(ESTIMATE);
    const estimate = row?.[0] ?? -1;
    // So few are counted at once, and the database knows nothing of a new table.
    if (estimate > MOST_COUNTED) return estimate;
    const [counted] = await this.#query<[number]>(COUNT, [MOST_COUNTED]);
    return counted?.[0] ?? 0;
  }

  /** Forgets what it remembers of devices. */
  forget(): void {
    this.#devices.clear();
    this.#arrivals.forget();
  }

  /** Resolves once nothing is under way; ends all waits. */
  async settled(): Promise<void> {
    this.#arrivals.close();
    await Promise.all([
      this.#mail.settled(),
      this.#acknowledgements.settled(),
    ]);
  }
}

type AccountRow = [
  account: AccountId,
  publicKey: Uint8Array,
  record: Uint8Array | null,
  closed: number | null,
];

const LOOK_UP = `SELECT accounts.ID, PublicKey, Record, Closed
  FROM accounts LEFT JOIN profiles ON profiles.ID = accounts.ID`;
const BY_NAME = quickSql(`${LOOK_UP} WHERE UserName = $1`);
const BY_ID = quickSql(`${LOOK_UP} WHERE accounts.ID = $1`);

const RECORD = quickSql("SELECT Record FROM profiles WHERE ID = $1");
const IS_OPEN = quickSql(
  "SELECT Version FROM profiles WHERE ID = $1 AND Closed = 0",
);

type DeviceRow = [
  account: AccountId,
  signingKey: Uint8Array,
  recordVersion: number,
];

const DEVICE = quickSql(`SELECT Account, SigningKey, Version
  FROM devices JOIN profiles ON profiles.ID = Account WHERE Device = $1`);

type StateRow = [
  highestCount: number,
  recordVersion: number,
  singleUseLeft: number,
  waiting: number,
];

const AUTHENTICATED = sql(`UPDATE devices SET Count = greatest(Count, $2),
    LastSeen = $3
  FROM profiles WHERE Device = $1 AND profiles.ID = Account
  RETURNING greatest(Count, ${
  highestCount("devices.Device")
}), Version, (SELECT count(*) FROM packages
    WHERE packages.Device = devices.Device AND Kind = ${PackageKind.SingleUse}), Waiting`);

const OUTCOMES = quickSql(
  `SELECT coalesce(State, ${SendingState.Unknown}::smallint),
    coalesce(Time, 0)
  FROM (SELECT ${
    idAt("$2", "n")
  } AS uid, n FROM generate_series(1, $3::int) AS n) AS u
  LEFT JOIN taken ON Device = $1 AND taken.Uid = u.uid ORDER BY n`,
);

const ESTIMATE = quickSql(
  `SELECT coalesce(max(reltuples), -1)::bigint FROM pg_class
    WHERE oid = to_regclass('mail')`,
);
const COUNT = quickSql(
  "SELECT count(*) FROM (SELECT 1 FROM mail LIMIT $1) AS found",
);
