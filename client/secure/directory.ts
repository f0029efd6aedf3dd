/**
 * Looks accounts up, pins their identities and keeps their newest records
 * (section 7 of docs/secure.md). A record that doesn't follow the known one is an
 * alarm, and nothing goes out to the account until the user decides (REC-11).
 *
 * @module
 */

import { equals } from "@std/bytes";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  type AccountRecord,
  problemBehind,
  readRecord,
} from "../../shared/secure/account_record.ts";
import {
  type AccountId,
  RefusalReason,
} from "../../shared/secure/secure_protocol.ts";
import type { SecureResponsePayloads } from "../../shared/secure/secure_requests.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { ConnectionError, ContactAlarmError } from "../errors.ts";
import type { StoreDatabase } from "../store/database.ts";
import { RefusedError } from "./refused_error.ts";
import type { SecureLink } from "./secure_link.ts";

/** An account that a look-up found. */
export type Found =
  /** `isNew` at first sight: its identity is pinned, and unverified. */
  | { kind: "secure"; record: AccountRecord; isNew: boolean }
  | { kind: "legacy"; account: AccountId; publicKey: Uint8Array };

/** A pinned account as the store keeps it. */
interface PinnedRow {
  account: AccountId;
  name: string;
  record: Uint8Array;
  alarm: string | undefined;
  offered: Uint8Array | undefined;
}

/** The accounts of others. */
export class Directory {
  readonly #database: StoreDatabase;
  readonly #link: SecureLink;

  constructor(database: StoreDatabase, link: SecureLink) {
    this.#database = database;
    this.#link = link;
  }

  /**
   * Looks a name up.
   *
   * @throws {ContactAlarmError} if what the relay tells can't be so, or an alarm
   * stands
   * @throws {RefusedError} if the relay doesn't know the name, which never was
   * pinned, or the account is closed
   */
  async lookUp(name: string): Promise<Found> {
    const pinned = this.#pinned("name", name);
    this.#refuseAlarmed(pinned);
    let told: SecureResponsePayloads["lookUp"];
    try {
      told = await this.#link.request("lookUp", { by: { name } });
    } catch (error) {
      const isGone = error instanceof RefusedError &&
        error.reason === RefusalReason.Unknown;
      if (!isGone || pinned === undefined) throw error;
      throw this.#raise(pinned, "no record");
    }
    const { account, publicKey, record } = told;
    if (record.length === 0) {
      if (pinned !== undefined) throw this.#raise(pinned, "no record");
      return { kind: "legacy", account, publicKey };
    }
    if (pinned !== undefined) {
      const newest = await this.#follow(pinned, record);
      if (!equals(account, newest.account)) {
        throw this.#raise(pinned, "other account");
      }
      return { kind: "secure", record: newest, isNew: false };
    }
    return await this.#pin(name, account, record);
  }

  /**
   * Compares a record that the relay told of an account with the known one, and
   * keeps it if it is newer (REF-5).
   *
   * @throws {ContactAlarmError} if it can't be the account's
   */
  async update(account: AccountId, told: Uint8Array): Promise<AccountRecord> {
    const pinned = this.#pinned("account", account);
    if (pinned === undefined) {
      const record = await this.#read(told);
      if (!equals(record.account, account)) throw otherAccount("asked for");
      return record;
    }
    this.#refuseAlarmed(pinned);
    return await this.#follow(pinned, told);
  }

  /** The known record of a name; undefined if none is pinned. @throws {ContactAlarmError} if an alarm stands */
  async known(name: string): Promise<AccountRecord | undefined> {
    const pinned = this.#pinned("name", name);
    this.#refuseAlarmed(pinned);
    return pinned && await readRecord(pinned.record);
  }

  /**
   * Ends an alarm as the user decides: takes the record that the relay told, or
   * keeps the known one if it told none.
   */
  async accept(name: string): Promise<void> {
    const offered = this.#pinned("name", name)?.offered;
    const record = offered && await readRecord(offered);
    this.#database.write(() => {
      if (record === undefined) {
        this.#database.run(
          "UPDATE secureContacts SET alarm = NULL WHERE name = ?",
          name,
        );
      } else {
        this.#forget(name);
        this.#database.run(
          "DELETE FROM secureContacts WHERE account = ?",
          record.account,
        );
        this.#insert(record);
      }
    });
  }

  /** Forgets that a name was ever secure, as the user decides. */
  acceptLegacy(name: string): void {
    this.#forget(name);
  }

  #pinned(
    column: "name" | "account",
    value: string | AccountId,
  ): PinnedRow | undefined {
    return this.#database.row<PinnedRow>(
      `SELECT * FROM secureContacts WHERE ${column} = ?`,
      value,
    );
  }

  #refuseAlarmed(pinned: PinnedRow | undefined): void {
    if (pinned?.alarm === undefined) return;
    throw new ContactAlarmError(pinned.name, pinned.alarm);
  }

  /** The record that takes the known one's place, which may be the same. */
  async #follow(pinned: PinnedRow, told: Uint8Array): Promise<AccountRecord> {
    const known = await readRecord(pinned.record);
    let next: AccountRecord;
    try {
      next = await readRecord(told);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw this.#raise(pinned, `malformed record: ${error.message}`);
    }
    const problem = await problemBehind(known, next);
    if (problem !== undefined) throw this.#raise(pinned, problem, next);
    const isKept = this.#database.run(
      "UPDATE secureContacts SET record = ? WHERE account = ? AND record = ?",
      next.bytes,
      known.account,
      known.bytes,
    ) === 1;
    const now = isKept ? undefined : this.#pinned("account", known.account);
    if (now === undefined) return next;
    // Another client in the folder has kept one meanwhile.
    this.#refuseAlarmed(now);
    return await this.#follow(now, told);
  }

  /** Pins an account at first sight (REC-10, LUP-3). */
  async #pin(
    name: string,
    account: AccountId,
    told: Uint8Array,
  ): Promise<Found> {
    const record = await this.#read(told);
    const isAsked = record.name === name && equals(record.account, account);
    if (!isAsked) throw otherAccount(name);
    const known = this.#pinned("account", account);
    if (known !== undefined) throw this.#raise(known, "other name", record);
    if (this.#insert(record)) return { kind: "secure", record, isNew: true };
    // Another client in the folder has pinned one meanwhile.
    return await this.lookUp(name);
  }

  async #read(told: Uint8Array): Promise<AccountRecord> {
    try {
      return await readRecord(told);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new ConnectionError(
        `The relay told a malformed record: ${reasonOf(error)}`,
        "Nothing was sent: tell the relay's operator",
        { cause: error },
      );
    }
  }

  /** Keeps an alarm until the user decides. */
  #raise(
    { account, name }: PinnedRow,
    alarm: string,
    offered?: AccountRecord,
  ): ContactAlarmError {
    // A record of another name can't stand under this one.
    const acceptable = offered?.name === name ? offered.bytes : undefined;
    this.#database.run(
      "UPDATE secureContacts SET alarm = ?, offered = ? WHERE account = ?",
      alarm,
      acceptable,
      account,
    );
    return new ContactAlarmError(name, alarm);
  }

  /** Keeps a record; false if its name or account has one. */
  #insert({ account, name, bytes }: AccountRecord): boolean {
    return this.#database.run(
      `INSERT INTO secureContacts (account, name, record) VALUES (?, ?, ?)
        ON CONFLICT DO NOTHING`,
      account,
      name,
      bytes,
    ) === 1;
  }

  #forget(name: string): void {
    this.#database.run("DELETE FROM secureContacts WHERE name = ?", name);
  }
}

function otherAccount(asked: string): ConnectionError {
  return new ConnectionError(
    `The relay told a record of another account than ${asked}`,
    "Nothing was sent: tell the relay's operator",
  );
}
