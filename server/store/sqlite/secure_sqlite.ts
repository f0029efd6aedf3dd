/**
 * The secure accounts of the store in a SQLite file.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import {
  type AccountId,
  type DeviceId,
  SendingState,
  type Seq,
  type Uid,
} from "../../../shared/secure/secure_protocol.ts";
import { LruCache } from "../lru_cache.ts";
import { MailWaiters } from "../mail_waiters.ts";
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
} from "../secure_store.ts";
import type { Quota, ResponseMemory } from "../store.ts";
import { MailReader } from "./mail_reader.ts";
import { read } from "./read.ts";
import { acknowledge } from "./writer/secure/commands/acknowledge.ts";
import { authenticate } from "./writer/secure/commands/authenticate.ts";
import { claimPackages } from "./writer/secure/commands/claim_packages.ts";
import { countMail } from "./writer/secure/commands/count_mail.ts";
import { deleteAccount } from "./writer/secure/commands/delete_account.ts";
import { expire } from "./writer/secure/commands/expire.ts";
import { publishPackages } from "./writer/secure/commands/publish_packages.ts";
import { registerAccount } from "./writer/secure/commands/register_account.ts";
import { replaceRecord } from "./writer/secure/commands/replace_record.ts";
import { sendEnvelopes } from "./writer/secure/commands/send_envelopes.ts";
import { sendToLegacy } from "./writer/secure/commands/send_to_legacy.ts";
import type { Step } from "./writer/secure/step.ts";
import type { StoreCommand } from "./writer/store_command.ts";
import type { CommandWriter } from "./writer/writer_link.ts";

/** Devices that are cached, some 50 MB. */
const DEVICES_CACHED = 100_000;

/** The cache of the store's legacy clients. */
interface CachedUsers {
  /** Drops what is cached where another process may have changed it. */
  refresh(): void;
  /** Is told of a client that became secure. */
  lifted(account: AccountId): void;
}

interface AccountRow {
  account: AccountId;
  publicKey: Uint8Array;
  record: Uint8Array | null;
  closed: number | null;
}

/** Reads here, on the event loop; everything is written in the writer's thread. */
export class SqliteSecureStore implements SecureStore {
  readonly #write: CommandWriter["write"];
  readonly #users: CachedUsers;
  readonly #devices = new LruCache<StoredDevice>(DEVICES_CACHED);
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #mail: MailReader;
  readonly #waiters = new MailWaiters();

  /**
   * @param write writes a command
   * @param users the cache of legacy clients
   */
  constructor(
    database: Database,
    write: CommandWriter["write"],
    users: CachedUsers,
  ) {
    this.#write = write;
    this.#users = users;
    this.#statements = prepareStatements(database);
    this.#mail = new MailReader(database);
  }

  async register(profile: NewProfile, now: Date): Promise<boolean> {
    const at = now.getTime();
    const isDone = await this.#write(registerAccount, { ...profile, at });
    if (isDone) this.#users.lifted(profile.record.account);
    return isDone;
  }

  // deno-lint-ignore require-await -- the interface is asynchronous, SQLite isn't
  async lookUp(
    by: { name: string } | { account: AccountId },
  ): Promise<SecureAccount | "closed" | undefined> {
    const row = read(() =>
      "name" in by
        ? this.#statements.named.get(by.name)
        : this.#statements.account.get(by.account)
    );
    if (row === undefined) return undefined;
    if (row.closed === 1) return "closed";
    const { account, publicKey, record } = row;
    return { account, publicKey, record: record ?? undefined };
  }

  // deno-lint-ignore require-await -- as above
  async newestRecord(account: AccountId): Promise<Uint8Array | undefined> {
    return read(() => this.#statements.record.get(account)?.record);
  }

  device(id: DeviceId): StoredDevice | undefined {
    this.#users.refresh();
    return this.#devices.getOrRead(id.toHex(), () => {
      const row = read(() => this.#statements.device.get(id));
      return row && { ...row };
    });
  }

  /** Drops the cached devices: records may have changed. */
  dropDevices(): void {
    this.#devices.clear();
  }

  authenticated(
    device: DeviceId,
    count: number,
    now: Date,
  ): Promise<DeviceState | undefined> {
    return this.#write(authenticate, { device, count, at: now.getTime() });
  }

  async replaceRecord(
    record: StoredRecord,
    previous: Uint8Array,
    now: Date,
  ): Promise<boolean> {
    const at = now.getTime();
    try {
      return await this.#inSteps(replaceRecord, { record, previous, at });
    } finally {
      this.dropDevices();
    }
  }

  claim(
    account: AccountId,
    devices: readonly DeviceId[],
    withSingle: boolean,
  ): Promise<readonly ClaimedPackages[] | undefined> {
    return this.#write(claimPackages, { account, devices, withSingle });
  }

  publish(
    device: DeviceId,
    packages: readonly NewPackage[],
  ): Promise<number> {
    return this.#write(publishPackages, { device, packages });
  }

  async send(
    sending: NewSending,
    quota: Quota,
    now: Date,
  ): Promise<SendingResult> {
    const envelopes = [];
    const contents = [];
    for (const { device, content } of sending.envelopes) {
      envelopes.push({ device, size: content.length });
      contents.push(content);
    }
    const result = await this.#write(
      sendEnvelopes,
      { ...sending, envelopes, quota, at: now.getTime() },
      ...contents,
    );
    if ("wasTaken" in result && !result.wasTaken) {
      for (const { device } of envelopes) this.wake(device);
    }
    return result;
  }

  sendLegacy(
    { content, ...sending }: NewLegacySending,
    quota: Quota,
    now: Date,
  ): Promise<LegacySendingResult> {
    const size = content.length;
    const at = now.getTime();
    return this.#write(sendToLegacy, { ...sending, quota, at, size }, content);
  }

  async acknowledge(device: DeviceId, upTo: Seq, now: Date): Promise<void> {
    const acknowledgement = { device, upTo, at: now.getTime() };
    while (await this.#write(acknowledge, acknowledgement));
  }

  mail(
    device: DeviceId,
    after: Seq,
    most: number,
    memory?: ResponseMemory,
  ): Promise<MailBatch> {
    return this.#mail.oldest(device, after, most, memory);
  }

  restOfMail(device: DeviceId, mail: Mail): AsyncIterable<Uint8Array> {
    return this.#mail.rest(device, mail);
  }

  async arrival(
    device: DeviceId,
    after: Seq,
    signal: AbortSignal,
  ): Promise<void> {
    // Waits first, or what is committed between the two would be missed.
    const woken = this.#waiters.wait(device, signal);
    if (this.#mail.lastSeq(device) > after) this.wake(device);
    await woken;
  }

  /** Mail of a device has come in. */
  wake(device: DeviceId): void {
    this.#waiters.wake(device);
  }

  // deno-lint-ignore require-await -- as above
  async outcomes(
    device: DeviceId,
    uids: readonly Uid[],
  ): Promise<readonly SendingOutcome[]> {
    const unknown = { state: SendingState.Unknown, time: 0 };
    return read(() =>
      uids.map((uid) => ({
        ...this.#statements.outcome.get(device, uid) ?? unknown,
      }))
    );
  }

  async deleteAccount(account: AccountId): Promise<boolean> {
    try {
      return await this.#inSteps(deleteAccount, { account, at: Date.now() });
    } finally {
      this.dropDevices();
    }
  }

  expire(retention: number, most: number, now: Date): Promise<number> {
    return this.#write(expire, { retention, most, at: now.getTime() });
  }

  countMail(): Promise<number> {
    return this.#write(countMail, undefined);
  }

  /** Gives a command until its last step; returns whether it was carried out. */
  async #inSteps<T>(
    command: StoreCommand<T, Step>,
    argument: T,
  ): Promise<boolean> {
    for (;;) {
      const step = await this.#write(command, argument);
      if (!step.isUnfinished) return step.isDone;
    }
  }
}

function prepareStatements(database: Database) {
  const account = `SELECT accounts.ID AS account, PublicKey AS publicKey,
    Record AS record, Closed AS closed
    FROM accounts LEFT JOIN profiles USING (ID)`;
  return {
    named: database.prepare<AccountRow>(`${account} WHERE UserName = ?`),
    account: database.prepare<AccountRow>(`${account} WHERE accounts.ID = ?`),
    record: database.prepare<{ record: Uint8Array }>(
      "SELECT Record AS record FROM profiles WHERE ID = ?",
    ),
    device: database.prepare<StoredDevice>(
      `SELECT Account AS account, SigningKey AS signingKey,
        Version AS recordVersion
        FROM devices JOIN profiles ON ID = Account WHERE Device = ?`,
    ),
    outcome: database.prepare<SendingOutcome>(
      `SELECT State AS state, Time AS time FROM taken
        WHERE Device = ? AND Uid = ? AND Message = 0`,
    ),
  };
}
