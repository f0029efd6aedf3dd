import type { Database } from "@db/sqlite";
import { RAISE_LAST_MESSAGE } from "../schema.ts";

/** Bytes of contents that end a batch: their pages cost, too. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A message to delete. */
export interface FoundMessage {
  row: number;
  /** 16 bytes. */
  recipient: Uint8Array;
  /** Its id in the recipient's inbox. */
  id: number;
  /** Bytes of its whole content. */
  size: number;
  /** Bytes of it that are in parts. */
  rest: number;
  /** When it arrived, in milliseconds since 1970. */
  arrived: number;
}

/** Messages deleted from one inbox. */
export interface Deleted {
  /** 16 bytes. */
  recipient: Uint8Array;
  lastId: number;
  /** How many messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

const COLUMNS = `rowid AS row, ToClient AS recipient, ID AS id,
  length(Content) + Rest AS size, Rest AS rest, Arrived AS arrived`;

/**
 * Deletes messages that were never received, with their parts: those that have
 * waited for too long, and those of users who are deleted. It is used within a
 * transaction, in batches, so that no other writer waits for long.
 */
export class MessageDeleter {
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#statements = {
      behind: database.prepare<FoundMessage>(
        `SELECT ${COLUMNS} FROM messages WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      ),
      to: database.prepare<FoundMessage>(
        `SELECT ${COLUMNS} FROM messages WHERE ToClient = ? ORDER BY ID LIMIT ?`,
      ),
      message: database.prepare("DELETE FROM messages WHERE rowid = ?"),
      parts: database.prepare(
        "DELETE FROM parts WHERE ToClient = ? AND ID = ?",
      ),
      raiseLastMessage: database.prepare(RAISE_LAST_MESSAGE),
    };
  }

  /**
   * Finds messages that arrived before a time, the oldest first. Rows rise with
   * time, so that the first young one ends the search.
   *
   * @param before milliseconds since 1970
   * @param most messages of a batch
   * @param older replaces `before` for rows up to `row`
   */
  arrivedBefore(
    before: number,
    most: number,
    older: { row: number; before: number } = { row: 0, before },
  ): FoundMessage[] {
    const now = Date.now();
    const found: FoundMessage[] = [];
    for (let last = 0;;) {
      const rows = this.#statements.behind.all(last, most);
      let next = rows.at(-1)?.row ?? last;
      for (const message of rows) {
        const isOlder = message.row <= older.row;
        if (message.arrived < (isOlder ? older.before : before)) {
          found.push(message);
        } else if (isOlder && older.before < before) {
          next = older.row;
          break;
        } // What came in while the clock was ahead keeps no other message.
        else if (message.arrived <= now) return batchOf(found, most);
      }
      if (found.length >= most || rows.length < most) {
        return batchOf(found, most);
      }
      last = next;
    }
  }

  /** The oldest messages of an inbox, at most so many. */
  waitingFor(recipient: Uint8Array, most: number): FoundMessage[] {
    return batchOf(this.#statements.to.all(recipient, most), most);
  }

  /** Deletes messages; their ids are never used again. */
  delete(messages: readonly FoundMessage[]): Deleted[] {
    const inboxes = new Map<string, Deleted>();
    for (const { row, recipient, id, size, rest } of messages) {
      this.#statements.message.run(row);
      if (rest > 0) this.#statements.parts.run(recipient, id);
      const key = recipient.toHex();
      const inbox = inboxes.get(key) ??
        { recipient, lastId: 0, messages: 0, bytes: 0 };
      inbox.lastId = Math.max(inbox.lastId, id);
      inbox.messages++;
      inbox.bytes += size;
      inboxes.set(key, inbox);
    }
    for (const { recipient, lastId } of inboxes.values()) {
      this.#statements.raiseLastMessage.run(lastId, recipient);
    }
    return [...inboxes.values()];
  }
}

/** The first messages of a batch, limited in number and bytes. */
function batchOf(found: readonly FoundMessage[], most: number): FoundMessage[] {
  let bytes = 0;
  const end = found.findIndex(({ size }) => (bytes += size) > MOST_BYTES);
  return found.slice(0, Math.min(end < 0 ? most : end + 1, most));
}
