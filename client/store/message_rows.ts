/**
 * The table of messages: its rows, and the messages that they are.
 *
 * @module
 */

import type { BindValue } from "@db/sqlite";
import type { ClientId, MessageId } from "../../shared/wire/protocol.ts";
import { UserError } from "../errors.ts";
import type { Message, MessageKind } from "../session/message.ts";
import { labelOf } from "./contact_book.ts";
import type { StoreDatabase } from "./database.ts";
import { SenderLock } from "./folder.ts";

/** A message as SQLite keeps it, with its contact; times are milliseconds since 1970. */
export interface Row {
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

/** All messages, in the order in which they were written down. */
export class MessageRows {
  readonly #database: StoreDatabase;

  /** Keeps them in this database. */
  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** Rows that a condition on `m` fits; what follows it may order and limit them. */
  select(condition: string, ...params: BindValue[]): Row[] {
    return this.#database.rows<Row>(`${SELECT} WHERE ${condition}`, ...params);
  }

  /** The messages of such rows. */
  messages(condition: string, ...params: BindValue[]): Message[] {
    return this.select(condition, ...params).map((row) => this.messageOf(row));
  }

  /** One row, or undefined. */
  find(id: number): Row | undefined {
    return this.select("m.id = ?", id)[0];
  }

  /** @throws {UserError} where there is no message of this number */
  get(id: number): Row {
    const row = this.find(id);
    if (row !== undefined) return row;
    throw new UserError(
      `There is no message ${id}`,
      '"history" tells their numbers',
    );
  }

  /**
   * The number from which on messages were written down since a time. Numbers
   * tell the order, times may be a wrong clock's: the first message whose time
   * lies between that one and now begins it, whatever the times behind it.
   *
   * @param time in milliseconds since 1970
   * @returns undefined where that time is to come
   */
  firstSince(time: number): number | undefined {
    const now = Date.now();
    if (time > now) return undefined;
    const found = this.#database.row<{ id: number }>(
      "SELECT id FROM messages WHERE written BETWEEN ? AND ? ORDER BY id LIMIT 1",
      time,
      now,
    );
    if (found !== undefined) return Number(found.id);
    const last = this.#database.row<{ id: number | null }>(
      "SELECT max(id) AS id FROM messages",
    );
    return Number(last?.id ?? 0) + 1;
  }

  /** Adds a row; returns its number. */
  insert(values: Record<string, BindValue>): number {
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

  /** The message that a row is. */
  messageOf(row: Row): Message {
    return {
      id: Number(row.id),
      contact: labelOf(row),
      contactId: row.clientId,
      outgoing: row.outgoing === 1,
      kind: row.kind,
      text: row.text === null ? undefined : decodeText(row.text),
      path: row.path ?? undefined,
      size: Number(row.size),
      time: Number(row.written),
      delivery: row.outgoing === 0
        ? "received"
        : row.acknowledged !== null
        ? "sent"
        : this.isBeingSent(row)
        ? "sending"
        : "unsent",
      shown: row.shown !== null,
      doubtful: row.doubtful === 1,
      accepted: row.succeeds === null,
    };
  }

  /** Whether a client in the folder is at sending it. */
  isBeingSent({ sender, acknowledged }: Row): boolean {
    return sender !== null && acknowledged === null &&
      SenderLock.isAlive(this.#database.folder, sender);
  }
}

/** A text as it is kept: in bytes, since SQLite's own text ends at a NUL. */
export function bytesOf(text: string | undefined): Uint8Array | null {
  return text === undefined ? null : new TextEncoder().encode(text);
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
