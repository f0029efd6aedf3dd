/**
 * The conversations: what was received and what was or is to be sent.
 *
 * @module
 */

import type { BindValue } from "@db/sqlite";
import type { ClientId, MessageId } from "../../shared/protocol.ts";
import { UserError } from "../errors.ts";
import type { Explanation, Message, MessageKind } from "../message.ts";
import { labelOf } from "./contact_book.ts";
import type { StoreDatabase } from "./database.ts";
import { Sender } from "./sender.ts";

/** Messages that a search looks at in one go. */
const SEARCH_PAGE = 500;

/** Which messages of the history are wanted. */
export interface HistoryOptions {
  /** Only those with this contact. */
  name?: string | undefined;
  /** Only those with a smaller number. */
  before?: number | undefined;
  /** Only those with a larger number. */
  after?: number | undefined;
  /** Only those written down since, in milliseconds since 1970. */
  since?: number | undefined;
  /** The latest so many. */
  limit?: number | undefined;
}

/** A received message, opened. */
export interface Received {
  /** The sender's row. */
  contact: number;
  /** Tells it from its repeats. */
  seen: Uint8Array;
  relayMessageId: MessageId;
  kind: MessageKind;
  text?: string | undefined;
  path?: string | undefined;
  size: number;
  doubtful: boolean;
  /** When it came in and when it was decrypted, in milliseconds since 1970. */
  received: number;
  decrypted: number | undefined;
  /** When the user saw it already, though it couldn't be kept. */
  shown?: number | undefined;
}

/** A message that is to be sent. */
export interface Outgoing {
  /** The recipient's row. */
  contact: number;
  kind: MessageKind;
  text?: string | undefined;
  path?: string | undefined;
  size: number;
}

interface Row {
  id: number;
  clientId: ClientId;
  name: string | null;
  contact: number;
  outgoing: number;
  kind: MessageKind;
  succeeds: number | null;
  text: Uint8Array | null;
  path: string | null;
  size: number;
  doubtful: number;
  relayMessageId: MessageId | null;
  made: number | null;
  written: number;
  sent: number | null;
  acknowledged: number | null;
  received: number | null;
  decrypted: number | null;
  shown: number | null;
  attempts: number;
  sender: string | null;
  failure: string | null;
}

const SELECT =
  "SELECT m.*, c.clientId, c.name, c.succeeds FROM messages m JOIN contacts c USING (contact)";

/** Messages in and out, in the order in which they were written down. */
export class Conversations {
  readonly #database: StoreDatabase;
  #sender: Sender | undefined;

  /** Keeps them in this database. */
  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** Messages, the oldest first. */
  list(
    contacts: readonly number[] | undefined,
    options: HistoryOptions,
  ): Message[] {
    const { before, after, since, limit } = options;
    const conditions = ["1"];
    const params: BindValue[] = [];
    const where = (condition: string, value: BindValue | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      params.push(value);
    };
    if (contacts !== undefined) {
      conditions.push(`m.contact IN (${contacts.map(() => "?").join()})`);
      params.push(...contacts);
    }
    where("m.id < ?", before);
    where("m.id > ?", after);
    where("m.written >= ?", since);
    params.push(limit ?? -1);
    return this.select(
      `${conditions.join(" AND ")} ORDER BY m.id DESC LIMIT ?`,
      ...params,
    ).reverse();
  }

  /** Texts and files whose text or path a pattern fits, the oldest first. */
  *search(
    contacts: readonly number[] | undefined,
    fits: (text: string) => boolean,
  ): Generator<Message> {
    const wanted = contacts && new Set(contacts);
    for (let last = 0;;) {
      const page = this.#database.rows<Row>(
        `${SELECT} WHERE m.id > ? AND m.kind IN ('text', 'file') ORDER BY m.id LIMIT ?`,
        last,
        SEARCH_PAGE,
      );
      for (const row of page) {
        last = Number(row.id);
        if (wanted?.has(row.contact) === false) continue;
        const message = this.#messageOf(row);
        if (fits(message.text ?? message.path ?? "")) yield message;
      }
      if (page.length < SEARCH_PAGE) return;
    }
  }

  /** One message, or undefined. */
  find(id: number): Message | undefined {
    const row = this.#row(id);
    return row && this.#messageOf(row);
  }

  /** @throws {UserError} where there is no message of this number */
  get(id: number): Message {
    return this.#messageOf(this.#existing(id));
  }

  /** @throws {UserError} where there is no message of this number */
  explain(id: number): Explanation {
    const row = this.#existing(id);
    return {
      ...this.#messageOf(row),
      relayMessageId: row.relayMessageId ?? undefined,
      made: orNone(row.made),
      written: Number(row.written),
      sent: orNone(row.sent),
      acknowledged: orNone(row.acknowledged),
      received: orNone(row.received),
      decrypted: orNone(row.decrypted),
      shownAt: orNone(row.shown),
      attempts: Number(row.attempts),
      failure: row.failure ?? undefined,
      acks: this.#database.rows<{ consumer: string; time: number }>(
        "SELECT consumer, time FROM acks WHERE message = ? ORDER BY time",
        id,
      ).map(({ consumer, time }) => ({ consumer, time: Number(time) })),
    };
  }

  /** The row of the contact whom a message goes to or comes from. */
  contactOf(id: number): number {
    return this.#existing(id).contact;
  }

  // --- receiving

  /** What became of a received message before; undefined where it is new. */
  seen(seen: Uint8Array): "opened" | "unreadable" | undefined {
    const row = this.#database.row<{ kind: MessageKind; doubtful: number }>(
      "SELECT kind, doubtful FROM messages WHERE seen = ?",
      seen,
    );
    if (row === undefined) return undefined;
    return row.kind === "unreadable" || row.doubtful === 1
      ? "unreadable"
      : "opened";
  }

  /**
   * Writes a received message down. One that couldn't be opened before makes
   * place for what it turned out to be.
   *
   * @returns its number, or undefined where it is a repeat
   */
  addReceived(message: Received): number | undefined {
    return this.#database.write(() => {
      const before = this.seen(message.seen);
      const better = message.kind !== "unreadable" && !message.doubtful;
      if (before === "opened" || (before === "unreadable" && !better)) {
        return undefined;
      }
      if (before !== undefined) {
        this.#database.run("DELETE FROM messages WHERE seen = ?", message.seen);
      }
      return this.#insert({
        contact: message.contact,
        outgoing: 0,
        kind: message.kind,
        text: bytesOf(message.text),
        path: message.path ?? null,
        size: message.size,
        doubtful: message.doubtful ? 1 : 0,
        relayMessageId: message.relayMessageId,
        seen: message.seen,
        written: Date.now(),
        received: message.received,
        decrypted: message.decrypted ?? null,
        shown: message.shown ?? null,
      });
    });
  }

  /** The oldest messages that the user hasn't seen. */
  unshown(after: number, limit: number): Message[] {
    return this.select(
      "m.outgoing = 0 AND m.shown IS NULL AND m.id > ? ORDER BY m.id LIMIT ?",
      after,
      limit,
    );
  }

  /** The user has seen these. */
  markShown(ids: readonly number[]): void {
    this.#database.writeSoon(() => {
      for (const id of ids) {
        this.#database.run(
          "UPDATE messages SET shown = ? WHERE id = ? AND outgoing = 0 AND shown IS NULL",
          Date.now(),
          id,
        );
      }
    });
  }

  // --- sending

  /** Writes down what is to be sent; returns its number. */
  addOutgoing(message: Outgoing): number {
    const now = Date.now();
    return this.#insert({
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
    return this.select(
      "m.contact = ? AND m.outgoing = 1 AND m.kind = 'key' AND m.acknowledged IS NULL ORDER BY m.id DESC LIMIT 1",
      contact,
    ).find(({ delivery }) => delivery === "unsent");
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
      const row = this.#existing(id);
      if (row.outgoing === 0) {
        throw new UserError(
          `Message ${id} was received`,
          "Only your own messages can be sent",
        );
      }
      if (row.acknowledged !== null) {
        throw new UserError(`Message ${id} has been sent already`);
      }
      if (this.#isBeingSent(row)) {
        throw new UserError(
          `Message ${id} is being sent right now`,
          "By this client or another one in the folder, which may be stopped",
        );
      }
      this.#sender ??= new Sender(this.#database.folder);
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

  /** Messages that a condition on `m` fits; what follows it may order and limit them. */
  select(condition: string, ...params: BindValue[]): Message[] {
    return this.#database.rows<Row>(`${SELECT} WHERE ${condition}`, ...params)
      .map((row) => this.#messageOf(row));
  }

  #messageOf(row: Row): Message {
    return {
      id: Number(row.id),
      contact: labelOf(row),
      contactId: row.clientId,
      outgoing: row.outgoing === 1,
      kind: row.kind,
      text: row.text === null ? undefined : new TextDecoder().decode(row.text),
      path: row.path ?? undefined,
      size: Number(row.size),
      time: Number(row.written),
      delivery: row.outgoing === 0
        ? "received"
        : row.acknowledged !== null
        ? "sent"
        : this.#isBeingSent(row)
        ? "sending"
        : "unsent",
      shown: row.shown !== null,
      doubtful: row.doubtful === 1,
      accepted: row.succeeds === null,
    };
  }

  #isBeingSent({ sender, acknowledged }: Row): boolean {
    return sender !== null && acknowledged === null &&
      Sender.isAlive(this.#database.folder, sender);
  }

  #insert(values: Record<string, BindValue>): number {
    const columns = Object.keys(values);
    const row = this.#database.write(() =>
      this.#database.row<{ id: number }>(
        `INSERT INTO messages (${columns.join()}) VALUES (${
          columns.map(() => "?").join()
        }) RETURNING id`,
        ...Object.values(values),
      )
    );
    return Number(row?.id);
  }

  #row(id: number): Row | undefined {
    return this.#database.row<Row>(`${SELECT} WHERE m.id = ?`, id);
  }

  #existing(id: number): Row {
    const row = this.#row(id);
    if (row !== undefined) return row;
    throw new UserError(
      `There is no message ${id}`,
      '"history --json" tells their numbers',
    );
  }
}

function bytesOf(text: string | undefined): Uint8Array | null {
  return text === undefined ? null : new TextEncoder().encode(text);
}

function orNone(time: number | null): number | undefined {
  return time === null ? undefined : Number(time);
}
