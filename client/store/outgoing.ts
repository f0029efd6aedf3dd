import type { MessageId } from "../../shared/wire/protocol.ts";
import { UserError } from "../errors.ts";
import type { Message, MessageKind } from "../session/message.ts";
import type { StoreDatabase } from "./database.ts";
import { bytesOf, type MessageRows } from "./message_rows.ts";
import { SenderLock } from "./folder.ts";

/** A message that is to be sent. */
export interface NewMessage {
  /** The recipient's row. */
  contact: number;
  kind: MessageKind;
  text?: string | undefined;
  path?: string | undefined;
  size: number;
}

/** The user's own messages, on their way. */
export class Outgoing {
  readonly #database: StoreDatabase;
  readonly #rows: MessageRows;
  #sender: SenderLock | undefined;

  /** Keeps them among these rows. */
  constructor(database: StoreDatabase, rows: MessageRows) {
    this.#database = database;
    this.#rows = rows;
  }

  /** The row of the contact whom a message goes to or comes from. */
  contactOf(id: number): number {
    return this.#rows.get(id).contact;
  }

  /** Writes down what is to be sent; returns its number. */
  add(message: NewMessage): number {
    const now = Date.now();
    return this.#rows.insert({
      contact: message.contact,
      outgoing: 1,
      kind: message.kind,
      text: bytesOf(message.text),
      path: message.path ?? null,
      size: message.size,
      made: now,
      written: now,
      shown: now,
    });
  }

  /** The user's unsent message that brings a contact a key, or undefined. */
  unsentKey(contact: number): Message | undefined {
    return this.#rows.messages(
      "m.contact = ? AND m.outgoing = 1 AND m.kind = 'key' AND m.acknowledged IS NULL ORDER BY m.id DESC LIMIT 1",
      contact,
    ).find(({ delivery }) => delivery === "unsent");
  }

  /**
   * How many messages of a kind for a contact were written or sent within so
   * many milliseconds of now, by the clock's time.
   */
  recent(contact: number, kind: MessageKind, span: number): number {
    const row = this.#database.row<{ count: number }>(
      `SELECT count(*) AS count FROM messages
       WHERE contact = ? AND outgoing = 1 AND kind = ?
         AND abs(coalesce(sent, written) - ?) < ?`,
      contact,
      kind,
      Date.now(),
      span,
    );
    return Number(row?.count);
  }

  /**
   * Begins to send: no other client in the folder does, as long as this one
   * lives and until it {@linkcode acknowledged} or {@linkcode failed}.
   *
   * @throws {UserError} where it isn't there to be sent, or somebody is at it
   */
  begin(id: number): void {
    // A power failure ends whoever is sending as well.
    this.#database.writeSoon(() => {
      const row = this.#rows.get(id);
      if (row.outgoing === 0) {
        throw new UserError(
          `Message ${id} was received`,
          "Only your own messages can be sent",
        );
      }
      if (row.acknowledged !== null) {
        throw new UserError(`Message ${id} has been sent already`);
      }
      if (this.#rows.isBeingSent(row)) {
        throw new UserError(
          `Message ${id} is being sent right now`,
          "By this client or another one in the folder, which may be stopped",
        );
      }
      this.#sender ??= new SenderLock(this.#database.folder);
      this.#database.run(
        "UPDATE messages SET sent = ?, sender = ?, attempts = attempts + 1, failure = NULL WHERE id = ?",
        Date.now(),
        this.#sender.token,
        id,
      );
    });
  }

  /** It goes to whoever has its contact's name by now. */
  redirect(id: number, contact: number): void {
    if (this.contactOf(id) === contact) return;
    this.#database.run(
      "UPDATE messages SET contact = ? WHERE id = ?",
      contact,
      id,
    );
  }

  /** The relay has it. */
  acknowledged(id: number, relayMessageId: MessageId | undefined): void {
    // After a power failure it may count as unsent: rather twice than never.
    this.#database.writeSoon(() =>
      this.#database.run(
        "UPDATE messages SET acknowledged = ?, relayMessageId = ?, sender = NULL WHERE id = ?",
        Date.now(),
        relayMessageId ?? null,
        id,
      )
    );
  }

  /** Its file isn't where it was any more. */
  forgetPath(id: number): void {
    this.#database.writeSoon(() =>
      this.#database.run("UPDATE messages SET path = NULL WHERE id = ?", id)
    );
  }

  /** It wasn't acknowledged. */
  failed(id: number, reason: string): void {
    this.#database.writeSoon(() =>
      this.#database.run(
        "UPDATE messages SET sender = NULL, failure = ? WHERE id = ?",
        reason,
        id,
      )
    );
  }

  /** Sends no more. */
  close(): void {
    this.#sender?.[Symbol.dispose]();
    this.#sender = undefined;
  }
}
