import type { Database } from "@db/sqlite";
import type {
  DeviceId,
  Seq,
} from "../../../../../shared/secure/secure_protocol.ts";
import { LruCache } from "../../../lru_cache.ts";
import { SendingCounts } from "./sending_counts.ts";

/** Devices and accounts in the caches, some 50 MB. */
const MOST_CACHED = 100_000;

/** What a device has sent and got. */
export interface Mailbox {
  /** The device's id, and the same in hex. */
  readonly device: DeviceId;
  readonly key: string;
  /** The highest count that the device told. */
  count: number;
  /** The last position that was given out. */
  lastSeq: number;
  /** What waits. */
  messages: number;
  bytes: number;
}

/** A secure account. */
export interface StoredAccount {
  /** Version of the newest record. */
  version: number;
  /** Whether the account is deleted. */
  isClosed: boolean;
  /** The ids of its devices, in hex. */
  devices: readonly string[];
}

/**
 * The writer's cache of accounts and mailboxes. They are read once and kept up
 * to date, since only the writer changes them.
 */
export class Mailboxes {
  readonly #statements;
  readonly #counts: SendingCounts;
  readonly #mailboxes = new LruCache<Mailbox>(MOST_CACHED);
  readonly #accounts = new LruCache<StoredAccount>(MOST_CACHED);
  #total = NaN;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#counts = new SendingCounts(database);
    this.#statements = {
      device: database.prepare<Omit<Mailbox, "device" | "key">>(
        `SELECT Count AS count,
          max(LastSeq, coalesce((SELECT max(Seq) FROM mail
            WHERE Device = ?1), 0)) AS lastSeq,
          (SELECT count(*) FROM mail WHERE Device = ?1) AS messages,
          (SELECT coalesce(sum(length(Content) + Rest), 0) FROM mail
            WHERE Device = ?1) AS bytes
          FROM devices WHERE Device = ?1`,
      ),
      raiseCount: database.prepare(
        "UPDATE devices SET Count = ? WHERE Device = ?",
      ),
      account: database.prepare<{ version: number; closed: number }>(
        "SELECT Version AS version, Closed AS closed FROM profiles WHERE ID = ?",
      ),
      devices: database.prepare<{ device: Uint8Array }>(
        "SELECT Device AS device FROM devices WHERE Account = ?",
      ),
      total: database.prepare<{ total: number }>(
        "SELECT count(*) AS total FROM mail",
      ),
    };
  }

  /** Counts the messages in all mailboxes, unless they are counted. */
  count(): number {
    if (Number.isNaN(this.#total)) {
      this.#total = this.#statements.total.get()?.total ?? 0;
    }
    return this.#total;
  }

  /** The secure account with an id, or undefined. */
  account(id: Uint8Array): StoredAccount | undefined {
    return this.#accounts.getOrRead(id.toHex(), () => {
      const row = this.#statements.account.get(id);
      if (row === undefined) return undefined;
      const { version, closed } = row;
      const devices = this.#statements.devices.all(id)
        .map(({ device }) => device.toHex());
      return { version, isClosed: closed !== 0, devices };
    });
  }

  /** The mailbox of the device with an id in hex, or undefined. */
  find(key: string): Mailbox | undefined {
    return this.#mailboxes.getOrRead(key, () => {
      const device = Uint8Array.fromHex(key) as Uint8Array as DeviceId;
      const row = this.#statements.device.get(device);
      if (row === undefined) return undefined;
      const count = Math.max(row.count, this.#counts.highest(device, key));
      return { ...row, device, key, count };
    });
  }

  /** Whether a sending of a device that is remembered had a count. */
  isCountUsed(
    { device, key, count: highest }: Mailbox,
    count: number,
  ): boolean {
    return count <= highest && this.#counts.has(device, key, count);
  }

  /** Keeps a count that a device told, and returns its highest. */
  told(device: Uint8Array, count: number): number {
    const mailbox = this.find(device.toHex());
    if (mailbox === undefined) return count;
    if (count > mailbox.count) {
      this.#statements.raiseCount.run(count, device);
      mailbox.count = count;
    }
    return mailbox.count;
  }

  /** Notes a sending, which tells its count, and returns the device's highest. */
  sent(mailbox: Mailbox, count: number): number {
    this.#counts.add(mailbox.key, count);
    return mailbox.count = Math.max(mailbox.count, count);
  }

  /** Notes that a sending was forgotten; its device keeps the count. */
  forgot(device: Uint8Array, count: number): void {
    this.#counts.delete(device.toHex(), count);
  }

  /** Gives a message of `size` bytes the next position of a mailbox. */
  add(mailbox: Mailbox, size: number): Seq {
    mailbox.messages++;
    mailbox.bytes += size;
    this.#total++;
    return ++mailbox.lastSeq as Seq;
  }

  /** Notes that messages came in from an inbox, for a device that isn't cached. */
  moved(messages: number): void {
    this.#total += messages;
  }

  /** Notes that messages were deleted, with their bytes. */
  deleted(device: Uint8Array, messages: number, bytes: number): void {
    this.#total -= messages;
    const mailbox = this.#mailboxes.get(device.toHex());
    if (mailbox === undefined) return;
    mailbox.messages -= messages;
    mailbox.bytes -= bytes;
  }

  /** Drops an account whose record or devices change. */
  dropAccount(id: Uint8Array): void {
    this.#accounts.delete(id.toHex());
  }

  /** Drops devices of which so many messages were deleted. */
  dropDevices(devices: readonly Uint8Array[], messages: number): void {
    this.#total -= messages;
    for (const device of devices) this.#mailboxes.delete(device.toHex());
    if (devices.length > 0) this.#counts.clear();
  }

  /** Clears the caches: a transaction was rolled back, or another process has written. */
  clear(): void {
    this.#mailboxes.clear();
    this.#accounts.clear();
    this.#counts.clear();
    this.#total = NaN;
  }
}
