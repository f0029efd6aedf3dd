import type { Database } from "@db/sqlite";
import { SendingState } from "../../../../../shared/secure/secure_protocol.ts";
import { MailDeleter } from "./mail_deleter.ts";

/** Messages and sendings that are deleted in one commit. */
const MOST_AT_ONCE = 1000;

/** What one step of dropping devices did. */
export interface Dropped {
  /** Number of messages deleted in their mailboxes. */
  messages: number;
  /** Whether the devices are gone. */
  isDone: boolean;
}

/** A device of a record. */
export interface RecordDeviceRow {
  id: Uint8Array;
  signingKey: Uint8Array;
}

/** The devices of accounts; used within a transaction. */
export class AccountDevices {
  readonly #mail: MailDeleter;
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#mail = new MailDeleter(database);
    const ofDevice = (table: string) =>
      database.prepare(`DELETE FROM ${table} WHERE Device = ?`);
    this.#statements = {
      find: database.prepare<{ account: Uint8Array; signingKey: Uint8Array }>(
        "SELECT Account AS account, SigningKey AS signingKey FROM devices WHERE Device = ?",
      ),
      of: database.prepare<{ device: Uint8Array }>(
        "SELECT Device AS device FROM devices WHERE Account = ?",
      ),
      insert: database.prepare(
        "INSERT INTO devices (Device, Account, SigningKey, LastSeen) VALUES (?, ?, ?, ?)",
      ),
      packages: ofDevice("packages"),
      sorted: database.prepare(
        `DELETE FROM taken WHERE rowid IN
          (SELECT Sending FROM device_sendings WHERE Device = ? LIMIT ?)`,
      ),
      unsorted: database.prepare(
        `DELETE FROM taken WHERE Device = ? AND
          rowid > (SELECT Last FROM sorted_sendings)`,
      ),
      device: ofDevice("devices"),
    };
  }

  /** The device with an id, or undefined. */
  find(device: Uint8Array) {
    return this.#statements.find.get(device);
  }

  /** The ids of an account's devices. */
  of(account: Uint8Array): Uint8Array[] {
    return this.#statements.of.all(account).map(({ device }) => device);
  }

  /** Inserts a device. @param now milliseconds since 1970 */
  insert(
    account: Uint8Array,
    { id, signingKey }: RecordDeviceRow,
    now: number,
  ): void {
    this.#statements.insert.run(id, account, signingKey, now);
  }

  /**
   * Deletes some of what devices have: their messages, whose sendings expire, and
   * what is known of their own sendings. With the last of it the devices go.
   *
   * @param now milliseconds since 1970
   * @param most messages and sendings to delete
   */
  drop(
    devices: readonly Uint8Array[],
    now: number,
    most = MOST_AT_ONCE,
  ): Dropped {
    let messages = 0;
    let left = most;
    for (const device of devices) {
      const mail = this.#mail.of(device, left);
      this.#mail.delete(mail, SendingState.Expired, now);
      messages += mail.length;
      left -= mail.length;
      left -= this.#statements.sorted.run(device, left);
    }
    if (left === 0) return { messages, isDone: false };
    for (const device of devices) {
      this.#statements.packages.run(device);
      this.#statements.unsorted.run(device);
      this.#statements.device.run(device);
    }
    return { messages, isDone: true };
  }
}
