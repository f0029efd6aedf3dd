/**
 * Sends envelopes, whose content is opaque here: each sending is in the store
 * before it goes out, and goes out with the same bytes until the relay has
 * answered (section 5.8 and 6.1 of docs/secure.md).
 *
 * @module
 */

import type { AccountRecord } from "../../shared/secure/account_record.ts";
import {
  drawUid,
  RefusalReason,
  type Uid,
} from "../../shared/secure/secure_protocol.ts";
import { secureRequestCodecs } from "../../shared/secure/secure_requests.ts";
import { UserError } from "../errors.ts";
import type { StoreDatabase } from "../store/database.ts";
import type { Directory } from "./directory.ts";
import type { OwnAccount } from "./own_account.ts";
import { RefusedError } from "./refused_error.ts";
import type { SecureLink } from "./secure_link.ts";

/** Refusals after which the same bytes may be taken. */
const PASSING: readonly RefusalReason[] = [
  RefusalReason.NotAuthenticated,
  RefusalReason.Full,
  RefusalReason.TooOften,
  RefusalReason.OutcomeUnknown,
];

/** What became of a sending. */
export type Sent =
  /** The relay has it. */
  | { state: "taken" }
  /** The recipient has other devices; this record is checked and kept. */
  | { state: "otherDevices"; record: AccountRecord };

/** A sending in the store. */
interface Sending {
  /** The payload of its 3007; empty once it is settled. */
  payload: Uint8Array;
  /** When it was made, in ms. */
  made: number;
  /** When the relay took it, in ms. */
  taken: number | undefined;
  /** Why the relay refused it. */
  refused: RefusalReason | undefined;
}

/** Sends envelopes of the folder's device. */
export class SecureOutbox {
  readonly #database: StoreDatabase;
  readonly #own: OwnAccount;
  readonly #link: SecureLink;
  readonly #directory: Directory;

  constructor(
    database: StoreDatabase,
    own: OwnAccount,
    link: SecureLink,
    directory: Directory,
  ) {
    this.#database = database;
    this.#own = own;
    this.#link = link;
    this.#directory = directory;
  }

  /**
   * Keeps a sending: its count is taken in the same transaction.
   *
   * @param record the recipient's newest record
   * @param content for the only device of the record
   * @param lifetime seconds for which it waits; 0 for as long as the relay keeps messages
   * @throws {UserError} if the recipient has several devices
   */
  write(record: AccountRecord, content: Uint8Array, lifetime = 0): Uid {
    const [device, ...others] = record.devices;
    if (device === undefined || others.length > 0) {
      throw new UserError(
        `${record.name} has ${record.devices.length} devices, and this version writes to one`,
        "Use a newer program",
      );
    }
    const uid = drawUid();
    this.#database.write(() => {
      const count = this.#own.takeCount();
      const payload = secureRequestCodecs.send.encode({
        uid,
        count,
        account: record.account,
        recordVersion: record.version,
        lifetime,
        envelopes: [{ device: device.id, content }],
      });
      this.#database.run(
        "INSERT INTO secureSendings (uid, count, payload, made) VALUES (?, ?, ?, ?)",
        uid,
        count,
        payload,
        Date.now(),
      );
    });
    return uid;
  }

  /** The sendings that the relay hasn't answered yet, the oldest first. */
  pending(): Uid[] {
    return this.#database.rows<{ uid: Uid }>(
      `SELECT uid FROM secureSendings WHERE taken IS NULL AND refused IS NULL
        ORDER BY count`,
    ).map(({ uid }) => uid);
  }

  /**
   * Sends a kept sending, also again where its response was lost; one that is
   * settled keeps its outcome.
   *
   * @throws {FolderCopiedError} if a copy of the folder sends, too
   * @throws {ContactAlarmError} if the relay tells a record that can't be the
   * recipient's
   * @throws {RefusedError} if the relay refuses it otherwise
   * @throws {ConnectionError} if the relay can't be reached; it stays pending
   */
  async deliver(uid: Uid): Promise<Sent> {
    const { payload, made, taken, refused } = this.#database.one<Sending>(
      "SELECT payload, made, taken, refused FROM secureSendings WHERE uid = ?",
      uid,
    );
    // Another client in the folder may have delivered it.
    if (taken !== undefined) return { state: "taken" };
    if (refused !== undefined) throw refusedBefore(refused);
    await this.#refuseForgotten(uid, made);
    const sending = secureRequestCodecs.send.decode(payload);
    try {
      const { highestCount } = await this.#link.request("send", sending);
      this.#settle(uid, "taken", Date.now());
      this.#link.checkCount(highestCount);
      return { state: "taken" };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (PASSING.includes(error.reason)) throw error;
      this.#settle(uid, "refused", error.reason);
      if (error.reason === RefusalReason.CountUsed) {
        throw this.#own.noteCopied();
      }
      if (error.reason !== RefusalReason.OtherDevices) throw error;
      const record = await this.#directory.update(
        sending.account,
        error.detail,
      );
      // Else the relay could refuse for ever what is sealed for the right devices.
      if (record.version <= sending.recordVersion) throw error;
      return { state: "otherDevices", record };
    }
  }

  /** A relay that has forgotten a sending would take it a second time (SEN-7). */
  async #refuseForgotten(uid: Uid, made: number): Promise<void> {
    const { hello } = await this.#link.connected();
    if (Date.now() - made < 1000 * hello.retention) return;
    this.#settle(uid, "refused", RefusalReason.OutcomeUnknown);
    throw new UserError(
      "The relay has forgotten whether it got this message: it isn't sent again",
      "Ask the recipient",
    );
  }

  /** Notes an outcome; the bytes aren't needed any more. */
  #settle(uid: Uid, column: "taken" | "refused", value: number): void {
    this.#database.run(
      `UPDATE secureSendings SET ${column} = ?, payload = x'' WHERE uid = ?`,
      value,
      uid,
    );
  }
}

function refusedBefore(reason: RefusalReason): RefusedError {
  return new RefusedError("send", {
    reason,
    retryAfter: 0,
    detail: new Uint8Array(),
  });
}
