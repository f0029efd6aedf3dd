/**
 * Deletes messages from the table, with their acknowledgements.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import type { MessageNumber } from "./message.ts";
import type { StoreDatabase, Value } from "./database.ts";
import { SEEN_SIZE } from "./incoming.ts";
import { contactRows, type Messages } from "./messages.ts";

/** A message that was shown, acknowledged by a consumer or sent. */
const DONE = `CASE outgoing WHEN 1 THEN acknowledged IS NOT NULL
  ELSE shown IS NOT NULL OR EXISTS (SELECT 1 FROM acks WHERE message = id) END`;

/** The messages of a conversation, in numbers. */
export interface ConversationSize {
  /** All messages. */
  messages: number;
  /** The user's own ones that aren't sent. */
  unsent: number;
}

/** The messages that were deleted. */
export interface Deleted {
  count: number;
  /** The paths of their files. */
  paths: string[];
}

/** Deletes messages. */
export class Deletions {
  readonly #database: StoreDatabase;
  readonly #messages: Messages;

  constructor(database: StoreDatabase, messages: Messages) {
    this.#database = database;
    this.#messages = messages;
  }

  /** Counts the messages of a conversation. */
  size(name: string): ConversationSize {
    const [rows, ...params] = contactRows(name);
    return this.#database.one<ConversationSize>(
      `SELECT count(*) AS messages,
         count(CASE WHEN outgoing = 1 AND acknowledged IS NULL THEN 1 END) AS unsent
       FROM messages WHERE contact IN (${rows})`,
      ...params,
    );
  }

  /**
   * Deletes a conversation.
   *
   * @throws {UserError} where one of its messages is being sent
   */
  conversation(name: string): Deleted {
    const [rows, ...params] = contactRows(name);
    return this.#delete(() => {
      const sending = this.#messages.select(
        `m.contact IN (${rows}) AND m.sender IS NOT NULL AND m.acknowledged IS NULL`,
        ...params,
      ).some((row) => this.#messages.isBeingSent(row));
      if (sending) {
        throw new UserError(
          `A message to "${name}" is being sent right now`,
          "Delete the conversation once that has ended",
        );
      }
      return [`contact IN (${rows})`, ...params];
    });
  }

  /**
   * Deletes the oldest `limit` messages before a number, but none that is unread or
   * unsent.
   */
  expired(before: number, limit: number): Deleted {
    return this.#delete(() => [
      `id IN (SELECT id FROM messages WHERE id < ? AND ${DONE} ORDER BY id LIMIT ?)`,
      before,
      limit,
    ]);
  }

  #delete(where: () => readonly [string, ...Value[]]): Deleted {
    const found = this.#database.write(() => {
      const [condition, ...params] = where();
      const found = this.#database.rows<
        { id: MessageNumber; path: string | undefined }
      >(`SELECT id, path FROM messages WHERE ${condition}`, ...params);
      const ids = JSON.stringify(found.map(({ id }) => id));
      const isOne = "IN (SELECT value FROM json_each(?))";
      // The relay may deliver the latest ones again.
      this.#database.run(
        `INSERT OR IGNORE INTO forgotten
         SELECT seen FROM messages WHERE length(seen) = ${SEEN_SIZE} AND id ${isOne}`,
        ids,
      );
      this.#database.run(`DELETE FROM acks WHERE message ${isOne}`, ids);
      this.#database.run(`DELETE FROM messages WHERE id ${isOne}`, ids);
      return found;
    });
    if (found.length > 0) this.#database.emptyLog();
    return {
      count: found.length,
      paths: found.flatMap(({ path }) => path ?? []),
    };
  }
}
