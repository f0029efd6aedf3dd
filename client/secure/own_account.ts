/**
 * The folder's secure account in the store: its newest record, its device's keys
 * and what the device has counted (section 6.1 of docs/secure.md).
 *
 * @module
 */

import {
  type AccountRecord,
  readRecord,
} from "../../shared/secure/account_record.ts";
import { signingKeyOf } from "../../shared/secure/ed25519.ts";
import type {
  AccountId,
  DeviceId,
  Seq,
} from "../../shared/secure/secure_protocol.ts";
import { FolderCopiedError, NotRegisteredError } from "../errors.ts";
import type { StoreDatabase } from "../store/database.ts";
import type { DeviceKey } from "./secure_connection.ts";

/** The account's row. */
export interface OwnAccountRow {
  /** Its id. */
  account: AccountId;
  /** Its name. */
  name: string;
  /** Its newest record. */
  record: Uint8Array;
  /** The device's id. */
  device: DeviceId;
  /** The seed of S, 32 bytes. */
  signingSeed: Uint8Array;
  /** The private half of D, 32 bytes. */
  agreementKey: Uint8Array;
  /** PKCS#8 of the RSA key until `info.me` holds it. */
  rsaKey: Uint8Array<ArrayBuffer> | undefined;
  /** 1 if a legacy account is lifted. */
  isLift: number;
  /** When the relay registered it, in ms; undefined before. */
  registered: number | undefined;
  /** What was made with the device's keys (CNT-1). */
  count: number;
  /** The highest number of a package. */
  highestPackage: number;
  /** The mailbox's position up to which all is on the disk. */
  acknowledged: Seq;
  /** The mailbox's highest position known. */
  lastSeq: Seq;
  /** When the mailbox was fetched last, in ms. */
  fetched: number | undefined;
  /** When a copy of the folder was noticed, in ms; nothing is sent since then. */
  copied: number | undefined;
}

/** What a new row needs. */
export type OwnAccountDraft = Pick<
  OwnAccountRow,
  | "account"
  | "name"
  | "record"
  | "device"
  | "signingSeed"
  | "agreementKey"
  | "rsaKey"
>;

/** The account of a folder. */
export class OwnAccount {
  readonly #database: StoreDatabase;

  /** @param database the folder's store */
  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** The account, also one whose registration got no response; undefined if there is none. */
  find(): OwnAccountRow | undefined {
    return this.#database.row<OwnAccountRow>("SELECT * FROM secureAccount");
  }

  /** The registered account. @throws {NotRegisteredError} if there is none */
  row(): OwnAccountRow {
    const row = this.find();
    if (row?.registered === undefined) throw new NotRegisteredError();
    return row;
  }

  /** The keys with which the device authenticates itself. */
  static async deviceOf(
    { device, signingSeed }: Pick<OwnAccountRow, "device" | "signingSeed">,
  ): Promise<DeviceKey> {
    return { id: device, signingKey: await signingKeyOf(signingSeed) };
  }

  /** The newest record. */
  async record(): Promise<AccountRecord> {
    return await readRecord(this.row().record);
  }

  /** Keeps an account before it is registered. */
  draft(draft: OwnAccountDraft, isLift: boolean): void {
    this.#database.run(
      `INSERT INTO secureAccount
        (one, account, name, record, device, signingSeed, agreementKey, rsaKey, isLift)
        VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)`,
      draft.account,
      draft.name,
      draft.record,
      draft.device,
      draft.signingSeed,
      draft.agreementKey,
      draft.rsaKey,
      isLift ? 1 : 0,
    );
  }

  /** Removes an account that no relay has registered. */
  discard(): void {
    this.#database.run("DELETE FROM secureAccount WHERE registered IS NULL");
  }

  /** Notes that a relay has registered the account. */
  registered(): void {
    this.#database.run("UPDATE secureAccount SET registered = ?", Date.now());
  }

  /** Forgets the RSA key, which `info.me` holds. */
  forgetRsaKey(): void {
    this.#database.run("UPDATE secureAccount SET rsaKey = NULL");
  }

  /** Keeps a newer record. */
  replaceRecord(record: Uint8Array): void {
    this.#database.run("UPDATE secureAccount SET record = ?", record);
  }

  /**
   * Notes that a copy of the folder sends, too (CNT-6).
   *
   * @returns the alarm
   */
  noteCopied(): FolderCopiedError {
    this.#database.run("UPDATE secureAccount SET copied = ?", Date.now());
    return new FolderCopiedError();
  }

  /** Takes the next count. Runs in a transaction of what it counts. */
  takeCount(): number {
    this.#database.run("UPDATE secureAccount SET count = count + 1");
    return this.row().count;
  }

  /**
   * Takes and counts numbers of packages, unless they are taken meanwhile. Runs in
   * the transaction that keeps the packages.
   *
   * @param highest the highest number before
   */
  takePackageNumbers(highest: number, packages: number): boolean {
    return this.#database.run(
      `UPDATE secureAccount SET highestPackage = ?, count = count + ?
        WHERE highestPackage = ?`,
      highest + packages,
      packages,
      highest,
    ) === 1;
  }

  /** Notes a fetch. Runs in the transaction that keeps the messages. */
  fetched(acknowledged: Seq, lastSeq: Seq): void {
    this.#database.run(
      "UPDATE secureAccount SET acknowledged = ?, lastSeq = ?, fetched = ?",
      acknowledged,
      lastSeq,
      Date.now(),
    );
  }
}
