import type { MessageId } from "../../shared/wire/protocol.ts";
import { UserError } from "../errors.ts";
import type { Message, MessageKind, MessageNumber } from "./message.ts";
import type { ContactRow } from "./contact_table.ts";
import type { StoreDatabase, Value } from "./database.ts";
import { bytesOf, type Messages } from "./messages.ts";
import { SenderLock } from "./folder.ts";

/** A message to send. */
export interface NewMessage {
  /** The recipient's row. */
  contact: ContactRow;
  kind: MessageKind;
  text?: string | undefined;
  path?: string | undefined;
  size: number;
}

/** The user's own messages. */
export class Outgoing {
  readonly #database: StoreDatabase;
  readonly #messages: Messages;
  #sender: SenderLock | undefined;

  constructor(database: StoreDatabase, messages: Messages) {
    this.#database = database;
    this.#messages = messages;
  }

  /** The row of a message's contact. */
  contactOf(id: MessageNumber): ContactRow {
    return this.#messages.row(id).contact;
  }

  /** Stores a message to send; returns its number. */
  add(message: NewMessage): MessageNumber {
    const now = Date.now();
    return this.#messages.insert({
      contact: message.contact,
      outgoing: 1,
      kind: message.kind,
      text: bytesOf(message.text),
      path: message.path,
      size: message.size,
      made: now,
      written: now,
      shown: now,
    });
  }

  /** An unsent message with a key for a contact, or undefined. */
  unsentKey(contact: ContactRow): Message | undefined {
    return this.#messages.messages(
      "m.contact = ? AND m.outgoing = 1 AND m.kind = 'key' AND m.acknowledged IS NULL ORDER BY m.id DESC LIMIT 1",
      contact,
    ).find(({ delivery }) => delivery === "unsent");
  }

  /**
   * The number of messages of a kind for a contact that were stored or sent within
   * `span` milliseconds of now.
   */
  recent(contact: ContactRow, kind: MessageKind, span: number): number {
    return this.#database.one<{ count: number }>(
      `SELECT count(*) AS count FROM messages
       WHERE contact = ? AND outgoing = 1 AND kind = ?
         AND abs(coalesce(sent, written) - ?) < ?`,
      contact,
      kind,
      Date.now(),
      span,
    ).count;
  }

  /**
   * Begins to send a message. No other client in the folder sends it until
   * {@linkcode acknowledged} or {@linkcode failed}, or until this client ends.
   *
   * @throws {UserError} where the message can't be sent, or is being sent
   */
  begin(id: MessageNumber): void {
    // A power failure ends the sending client as well.
    this.#database.writeSoon(() => {
      const row = this.#messages.row(id);
      if (row.outgoing === 0) {
        throw new UserError(
          `Message ${id} was received`,
          "Only your own messages can be sent",
        );
      }
      if (row.acknowledged !== undefined) {
        throw new UserError(`Message ${id} has been sent already`);
      }
      if (this.#messages.isBeingSent(row)) {
        throw new UserError(
          `Message ${id} is being sent right now`,
          "By this client or another one in the folder, which may be stopped",
        );
      }
      this.#sender ??= new SenderLock(this.#database.folder);
      this.#set(
        id,
        "sent = ?, sender = ?, attempts = attempts + 1, failure = NULL, unreached = 0",
        Date.now(),
        this.#sender.token,
      );
    });
  }

  /** Changes the recipient of a message. */
  redirect(id: MessageNumber, contact: ContactRow): void {
    if (this.contactOf(id) === contact) return;
    this.#database.write(() => this.#set(id, "contact = ?", contact));
  }

  /** Marks a message as acknowledged by the relay. */
  acknowledged(id: MessageNumber, relayMessageId: MessageId | undefined): void {
    // After a power failure the message may count as unsent, and is sent twice rather than never.
    this.#set(
      id,
      "acknowledged = ?, relayMessageId = ?, sender = NULL",
      Date.now(),
      relayMessageId,
    );
  }

  /** Clears the path of a message's file, which was removed. */
  forgetPath(id: MessageNumber): void {
    this.#set(id, "path = NULL");
  }

  /**
   * Marks a message as unsent, with the reason.
   *
   * @param unreached whether the attempt reached no relay, so that none has it
   */
  failed(id: MessageNumber, reason: string, unreached: boolean): void {
    this.#set(
      id,
      "sender = NULL, failure = ?, unreached = ?",
      reason,
      unreached ? 1 : 0,
    );
  }

  #set(id: MessageNumber, what: string, ...values: Value[]): void {
    this.#database.writeSoon(() =>
      this.#database.run(
        `UPDATE messages SET ${what} WHERE id = ?`,
        ...values,
        id,
      )
    );
  }

  /** Stops sending. */
  close(): void {
    this.#sender?.[Symbol.dispose]();
    this.#sender = undefined;
  }
}
