import type { Database } from "@db/sqlite";
import { SendingState } from "../../../../../shared/secure/secure_protocol.ts";
import { MailDeleter } from "./mail_deleter.ts";

/** Messages that are deleted at a time. */
const BATCH = 1000;

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
          (SELECT Sending FROM device_sendings WHERE Device = ?)`,
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
   * Deletes some of a device's messages; their sendings expire.
   *
   * @returns how many; fewer than `most` once none is left
   */
  deleteMail(device: Uint8Array, most: number, now: number): number {
    const found = this.#mail.of(device, most);
    this.#mail.delete(found, SendingState.Expired, now);
    return found.length;
  }

  /** Deletes a device with its mail and packages, and forgets its sendings. */
  delete(device: Uint8Array, now: number): number {
    let messages = 0;
    for (let some; (some = this.deleteMail(device, BATCH, now)) > 0;) {
      messages += some;
    }
    this.#statements.packages.run(device);
    this.#statements.unsorted.run(device);
    this.#statements.sorted.run(device);
    this.#statements.device.run(device);
    return messages;
  }
}
