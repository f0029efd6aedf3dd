/**
 * The messages in a relay's database, read past the relay's own code: a large
 * content stands in its row and in parts behind it.
 *
 * @module
 */

import type { Database, Statement } from "@db/sqlite";
import { concat } from "@std/bytes";
import { asClientId } from "../../shared/wire/field_types.ts";
import type { ClientId, MessageId } from "../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../shared/wire/requests.ts";
import { must } from "./violation.ts";

interface Row {
  id: MessageId;
  sender: Uint8Array;
  type: number;
  content: Uint8Array;
  rest: number;
}

/** Reads messages, and counts what it read. */
export class MessageRows {
  readonly #database: Database;
  readonly #waiting: Statement<Row>;
  readonly #parts: Statement<{ content: Uint8Array }>;
  #messages = 0;
  #partsRead = 0;

  /** The database is a relay's. */
  constructor(database: Database) {
    this.#database = database;
    this.#waiting = database.prepare<Row>(
      `SELECT ID AS id, FromClient AS sender, Type AS type, Content AS content,
        Rest AS rest FROM messages WHERE ToClient = ? ORDER BY ID`,
    );
    this.#parts = database.prepare<{ content: Uint8Array }>(
      `SELECT Content AS content FROM parts WHERE ToClient = ? AND ID = ?
        ORDER BY Part`,
    );
  }

  /** What waits for a client, oldest first. */
  *to(recipient: ClientId): Generator<WaitingMessage> {
    for (const row of this.#waiting.all(recipient)) {
      this.#messages++;
      const { id, sender, type, rest, content } = row;
      const parts = this.#parts.all(recipient, id).map((part) => part.content);
      this.#partsRead += parts.length;
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      must(
        size === rest,
        () => `Id ${id}: ${rest} bytes in parts expected, got ${size}`,
      );
      yield {
        messageId: id,
        sender: asClientId(sender),
        type,
        content: parts.length > 0 ? concat([content, ...parts]) : content,
      };
    }
  }

  /** @throws {Violation} where rows or parts are in no inbox */
  checkNothingElse(): void {
    const { messages, parts } = this.#database.prepare<
      { messages: number; parts: number }
    >(
      `SELECT (SELECT count(*) FROM messages) AS messages,
        (SELECT count(*) FROM parts) AS parts`,
    ).get() ?? { messages: 0, parts: 0 };
    must(
      messages === this.#messages && parts === this.#partsRead,
      () =>
        `${messages} messages in ${parts} parts are there, ${this.#messages} in ${this.#partsRead} can be handed out`,
    );
  }
}
