import type { Database } from "@db/sqlite";
import type { Seq } from "../../../../../shared/secure/secure_protocol.ts";
import { HAS_COUNT } from "../../schema.ts";
import { LruCache } from "../../../lru_cache.ts";
import { isFull, type Quota } from "../../../store.ts";

/** Devices and accounts in the caches, some 50 MB. */
const MOST_CACHED = 100_000;

/** What a device has sent and got. */
interface Mailbox {
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
  readonly #mailboxes = new LruCache<Mailbox>(MOST_CACHED);
  readonly #accounts = new LruCache<StoredAccount>(MOST_CACHED);
  #total = NaN;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#statements = {
      device: database.prepare<Mailbox>(
        `SELECT max(Count, coalesce((SELECT max(Count) FROM taken
            WHERE Device = ?1 AND ${HAS_COUNT}), 0)) AS count,
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
      withCount: database.prepare<{ found: number }>(
        `SELECT 1 AS found FROM taken
          WHERE Device = ? AND Count = ? AND ${HAS_COUNT}`,
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

  /** The device with an id, or undefined. */
  find(device: Uint8Array): Readonly<Mailbox> | undefined {
    return this.#find(device);
  }

  /** Whether a sending of a device that is remembered had a count. */
  isCountUsed(device: Uint8Array, count: number): boolean {
    if (count > (this.#find(device)?.count ?? 0)) return false;
    return this.#statements.withCount.get(device, count) !== undefined;
  }

  /** Keeps a count that a device told, and returns its highest. */
  told(device: Uint8Array, count: number): number {
    const mailbox = this.#find(device);
    if (mailbox === undefined) return count;
    if (count > mailbox.count) {
      this.#statements.raiseCount.run(count, device);
      mailbox.count = count;
    }
    return mailbox.count;
  }

  /** Notes the count of a sending, which tells it, and returns the device's highest. */
  used(device: Uint8Array, count: number): number {
    const mailbox = this.#find(device);
    if (mailbox === undefined) return count;
    return mailbox.count = Math.max(mailbox.count, count);
  }

  /** Whether a mailbox has room for a message of `size` bytes. */
  hasRoom(device: Uint8Array, size: number, quota: Quota): boolean {
    const mailbox = this.#find(device);
    return mailbox !== undefined && !isFull(mailbox, size, quota);
  }

  /** Gives a message of `size` bytes the next position of a mailbox. */
  add(device: Uint8Array, size: number): Seq {
    const mailbox = this.#find(device);
    if (mailbox === undefined) throw new TypeError("No such device");
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

  /** Drops a device that was deleted with its messages. */
  dropDevice(device: Uint8Array, messages: number): void {
    this.#total -= messages;
    this.#mailboxes.delete(device.toHex());
  }

  /** Clears the caches: a transaction was rolled back, or another process has written. */
  clear(): void {
    this.#mailboxes.clear();
    this.#accounts.clear();
    this.#total = NaN;
  }

  #find(device: Uint8Array): Mailbox | undefined {
    return this.#mailboxes.getOrRead(
      device.toHex(),
      () => this.#statements.device.get(device),
    );
  }
}
