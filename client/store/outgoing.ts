import type { MessageId } from "../../shared/wire/protocol.ts";
import { AlreadySentError, UserError } from "../errors.ts";
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
   * The messages that go out by themselves once a relay can be reached, in the
   * order in which they were written.
   *
   * @param before only those for the contact of this message, from before it
   */
  waiting(before?: MessageNumber): MessageNumber[] {
    const [condition, params] = before === undefined ? ["1", []] : [
      "id < ?1 AND contact = (SELECT contact FROM messages WHERE id = ?1)",
      [before],
    ];
    return this.#database.rows<{ id: MessageNumber }>(
      `SELECT id FROM messages WHERE unreached = 1 AND ${condition} ORDER BY id`,
      ...params,
    ).map(({ id }) => id);
  }

  /** Lets messages that were never begun go out by themselves. */
  wait(ids: readonly MessageNumber[]): void {
    this.#database.writeSoon(() => {
      for (const id of ids) {
        this.#database.run(
          "UPDATE messages SET unreached = 1 WHERE id = ? AND outgoing = 1 AND attempts = 0",
          id,
        );
      }
    });
  }

  /**
   * Begins to send a message. No other client in the folder sends it until
   * {@linkcode acknowledged} or {@linkcode failed}, or until this client ends.
   *
   * @returns whether no earlier attempt can have reached a relay
   * @throws {AlreadySentError} where it has been sent, or is being sent
   * @throws {UserError} where it can't be sent
   */
  begin(id: MessageNumber): boolean {
    const begin = () => {
      const row = this.#messages.row(id);
      if (row.outgoing === 0) {
        throw new UserError(
          `Message ${id} was received`,
          "Only your own messages can be sent",
        );
      }
      if (row.acknowledged !== undefined) {
        throw new AlreadySentError(`Message ${id} has been sent already`);
      }
      if (this.#messages.isBeingSent(row)) {
        throw new AlreadySentError(
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
      return row.attempts === 0 || row.unreached === 1;
    };
    // A power failure ends the sending client as well. It mustn't let a message
    // wait again that the relay may have by then.
    return this.#messages.row(id).unreached === 1
      ? this.#database.write(begin)
      : this.#database.writeSoon(begin);
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
   * @param waits whether it goes out by itself: no relay can have it
   */
  failed(id: MessageNumber, reason: string, waits: boolean): void {
    this.#set(
      id,
      "sender = NULL, failure = ?, unreached = ?",
      reason,
      waits ? 1 : 0,
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
