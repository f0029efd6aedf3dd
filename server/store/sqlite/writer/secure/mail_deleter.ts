import type { Database } from "@db/sqlite";
import {
  MailFlag,
  SendingState,
} from "../../../../../shared/secure/secure_protocol.ts";
import { HAS_LIFETIME } from "../../schema.ts";

/** A message to delete. */
export interface FoundMail {
  row: number;
  /** The mailbox's device. */
  device: Uint8Array;
  seq: number;
  uid: Uint8Array;
  fromDevice: Uint8Array;
  flags: number;
  /** Bytes of its whole content. */
  size: number;
  /** Bytes of it that are in parts. */
  rest: number;
}

/** Messages deleted from one mailbox. */
export interface DeletedMail {
  device: Uint8Array;
  lastSeq: number;
  /** How many messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

const FOUND = `SELECT mail.rowid AS row, mail.Device AS device, Seq AS seq,
  Uid AS uid, FromDevice AS fromDevice, Flags AS flags,
  length(Content) + Rest AS size, Rest AS rest FROM mail`;

/**
 * Deletes mail with its parts, and notes what became of its sendings. It is used
 * within a transaction, in batches.
 */
export class MailDeleter {
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    const prepare = (where: string) =>
      database.prepare<FoundMail>(`${FOUND} ${where} LIMIT ?`);
    this.#statements = {
      upTo: prepare("WHERE Device = ? AND Seq <= ? ORDER BY Seq"),
      of: prepare("WHERE Device = ? ORDER BY Seq"),
      expired: prepare(
        `WHERE ${HAS_LIFETIME} AND Expires <= ? ORDER BY Expires`,
      ),
      legacy: prepare("WHERE Expires = 0 AND Arrived <= ? ORDER BY Arrived"),
      arrived: prepare("WHERE Arrived < ? ORDER BY rowid"),
      mail: database.prepare("DELETE FROM mail WHERE rowid = ?"),
      parts: database.prepare(
        "DELETE FROM mail_parts WHERE Device = ? AND Seq = ?",
      ),
      settle: database.prepare(
        `UPDATE taken SET Waiting = Waiting - 1,
          State = iif(State = ${SendingState.Waits} AND
            (?1 = ${SendingState.Taken} OR Waiting <= 1), ?1, State),
          Time = iif(State = ${SendingState.Waits} AND
            (?1 = ${SendingState.Taken} OR Waiting <= 1), ?2, Time)
          WHERE Device = ?3 AND Uid = ?4`,
      ),
      raiseLastSeq: database.prepare(
        "UPDATE devices SET LastSeq = max(LastSeq, ?) WHERE Device = ?",
      ),
    };
  }

  /** The oldest messages of a mailbox up to a position. */
  upTo(device: Uint8Array, seq: number, most: number): FoundMail[] {
    return this.#statements.upTo.all(device, seq, most);
  }

  /** The oldest messages of a mailbox. */
  of(device: Uint8Array, most: number): FoundMail[] {
    return this.#statements.of.all(device, most);
  }

  /**
   * Messages whose lifetime is over, and legacy ones that arrived up to a time.
   * Times are in milliseconds since 1970.
   */
  expired(now: number, arrived: number, most: number): FoundMail[] {
    const found = this.#statements.expired.all(now, most);
    const legacy = this.#statements.legacy.all(arrived, most - found.length);
    return [...found, ...legacy];
  }

  /** Messages that arrived before a time, in milliseconds since 1970. */
  arrivedBefore(before: number, most: number): FoundMail[] {
    return this.#statements.arrived.all(before, most);
  }

  /**
   * Deletes messages; their positions are never used again.
   *
   * @param state what becomes of their sendings, and since when
   */
  delete(
    found: readonly FoundMail[],
    state: typeof SendingState.Taken | typeof SendingState.Expired,
    time: number,
  ): DeletedMail[] {
    const mailboxes = new Map<string, DeletedMail>();
    for (const mail of found) {
      const { row, device, seq, uid, fromDevice, flags, size, rest } = mail;
      this.#statements.mail.run(row);
      if (rest > 0) this.#statements.parts.run(device, seq);
      if (flags !== MailFlag.Legacy) {
        this.#statements.settle.run(state, time, fromDevice, uid);
      }
      const key = device.toHex();
      const mailbox = mailboxes.get(key) ??
        { device, lastSeq: 0, messages: 0, bytes: 0 };
      mailbox.lastSeq = Math.max(mailbox.lastSeq, seq);
      mailbox.messages++;
      mailbox.bytes += size;
      mailboxes.set(key, mailbox);
    }
    for (const { device, lastSeq } of mailboxes.values()) {
      this.#statements.raiseLastSeq.run(lastSeq, device);
    }
    return [...mailboxes.values()];
  }
}
