import type { Database } from "@db/sqlite";
import {
  MAX_MESSAGE_ID,
  type MessageId,
} from "../../../../shared/wire/protocol.ts";
import { LruCache } from "../../lru_cache.ts";
import { type Quota, refusalOf, type SendResult } from "../../store.ts";

/** Inboxes in the cache, some 25 MB. */
const MOST_CACHED = 100_000;

const NOTHING = { messages: 0, bytes: 0 };

interface Inbox {
  lastId: number;
  /** Whether its owner has a record, and mail goes into mailboxes. */
  isSecured: boolean;
  /** Undefined until a quota needs it. */
  waiting: { messages: number; bytes: number } | undefined;
}

/**
 * The writer's cache of inboxes: the last id given out and how much waits. It
 * is read once and kept up to date, since only the writer changes it.
 */
export class Inboxes {
  readonly #lastId;
  readonly #waiting;
  readonly #count;
  readonly #cache = new LruCache<Inbox>(MOST_CACHED);
  #total = NaN;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#lastId = database.prepare<{ id: number; isSecured: number }>(
      `SELECT max(LastMessage, coalesce(
        (SELECT max(ID) FROM messages WHERE ToClient = ?), 0)) AS id,
        EXISTS (SELECT 1 FROM profiles WHERE profiles.ID = accounts.ID) AS isSecured
        FROM accounts JOIN activity USING (Position) WHERE accounts.ID = ?`,
    );
    this.#waiting = database.prepare<{ messages: number; bytes: number }>(
      `SELECT count(*) AS messages, coalesce(sum(length(Content) + Rest), 0) AS bytes
        FROM messages WHERE ToClient = ?`,
    );
    this.#count = database.prepare<{ total: number }>(
      "SELECT count(*) AS total FROM messages",
    );
  }

  /** Messages that wait in all inboxes; NaN until they are counted. */
  get total(): number {
    return this.#total;
  }

  /** Counts the messages in all inboxes, unless they are counted. */
  count(): number {
    if (Number.isNaN(this.#total)) this.#total = this.#count.get()?.total ?? 0;
    return this.#total;
  }

  /** Whether messages to a user go into mailboxes. */
  isSecured(recipient: Uint8Array): boolean {
    return this.#find(recipient)?.isSecured ?? false;
  }

  /**
   * Gives a message the next id of an inbox that it doesn't go into.
   *
   * @returns the id, or why the message is refused
   */
  skip(recipient: Uint8Array): SendResult {
    const inbox = this.#find(recipient);
    if (inbox === undefined) return { refused: "unknown_target" };
    if (inbox.lastId >= MAX_MESSAGE_ID) return { refused: "ids_used_up" };
    return { id: ++inbox.lastId as MessageId };
  }

  /** Notes that an inbox was emptied, its owner became secure or was deleted. */
  drop(recipient: Uint8Array, messages: number): void {
    this.#total -= messages;
    this.#cache.delete(recipient.toHex());
  }

  /**
   * Gives a message of `size` bytes the next id of an inbox.
   *
   * @returns the id, or why the message is refused
   */
  admit(recipient: Uint8Array, size: number, quota: Quota): SendResult {
    const inbox = this.#find(recipient);
    if (inbox === undefined) return { refused: "unknown_target" };
    if (quota.messages > 0 || quota.bytes > 0) {
      inbox.waiting ??= this.#waiting.get(recipient);
    }
    const { lastId, waiting: { messages, bytes } = NOTHING } = inbox;
    const refused = refusalOf({ lastId, messages, bytes }, size, quota);
    if (refused !== undefined) return { refused };
    if (inbox.waiting !== undefined) {
      inbox.waiting.messages++;
      inbox.waiting.bytes += size;
    }
    this.#total++;
    return { id: ++inbox.lastId as MessageId };
  }

  /** Notes that messages were deleted, with their bytes; Infinity where these aren't known. */
  deleted(recipient: Uint8Array, messages: number, bytes: number): void {
    this.#total -= messages;
    const inbox = this.#cache.get(recipient.toHex());
    if (inbox?.waiting === undefined) return;
    if (bytes === Infinity) {
      inbox.waiting = undefined;
      return;
    }
    inbox.waiting.messages -= messages;
    inbox.waiting.bytes -= bytes;
  }

  /** Clears the cache: a transaction was rolled back, or another process has written. */
  clear(): void {
    this.#cache.clear();
    this.#total = NaN;
  }

  #find(recipient: Uint8Array): Inbox | undefined {
    return this.#cache.getOrRead(recipient.toHex(), () => {
      const row = this.#lastId.get(recipient, recipient);
      if (row === undefined) return undefined;
      const { id: lastId, isSecured } = row;
      return { lastId, isSecured: isSecured === 1, waiting: undefined };
    });
  }
}
