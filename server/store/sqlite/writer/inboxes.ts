/**
 * What the writer knows of inboxes: the last id that was given out and how much
 * waits. It is read once and kept up to date, since only the writer changes it.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { MAX_MESSAGE_ID } from "../../../../shared/wire/protocol.ts";
import { Recent } from "../../recent.ts";
import { type SendRefusal, sendRefusals } from "../../send_result.ts";
import type { Quota } from "../../store.ts";

/** Inboxes that are remembered: 25 MB of them. */
const MOST_REMEMBERED = 100_000;

const refusalNumber = (refusal: SendRefusal) =>
  -1 - sendRefusals.indexOf(refusal);
const UNKNOWN_TARGET = refusalNumber("unknown_target");
const IDS_USED_UP = refusalNumber("ids_used_up");
const INBOX_FULL = refusalNumber("inbox_full");

interface Inbox {
  lastId: number;
  /** Undefined until a quota asks for it. */
  waiting: { messages: number; bytes: number } | undefined;
}

/** The inboxes of all clients, as far as they are needed. */
export class Inboxes {
  readonly #lastId;
  readonly #waiting;
  readonly #remembered = new Recent<Inbox>(MOST_REMEMBERED);

  /** The database has its tables. */
  constructor(database: Database) {
    this.#lastId = database.prepare<{ id: number }>(
      `SELECT max(LastMessage, coalesce(
        (SELECT max(ID) FROM messages WHERE ToClient = ?), 0)) AS id
        FROM accounts JOIN activity USING (Position) WHERE accounts.ID = ?`,
    );
    this.#waiting = database.prepare<{ messages: number; bytes: number }>(
      `SELECT count(*) AS messages, coalesce(sum(length(Content) + Rest), 0) AS bytes
        FROM messages WHERE ToClient = ?`,
    );
  }

  /**
   * Gives a message of `size` bytes the next id of an inbox.
   *
   * @returns the number of a refusal where it isn't taken
   */
  admit(recipient: Uint8Array, size: number, quota: Quota): number {
    const inbox = this.#find(recipient);
    if (inbox === undefined) return UNKNOWN_TARGET;
    if (inbox.lastId >= MAX_MESSAGE_ID) return IDS_USED_UP;
    if (quota.messages > 0 || quota.bytes > 0) {
      inbox.waiting ??= this.#waiting.get(recipient);
      const { messages = 0, bytes = 0 } = inbox.waiting ?? {};
      if (quota.messages > 0 && messages >= quota.messages) {
        return INBOX_FULL;
      }
      if (quota.bytes > 0 && bytes + size > quota.bytes) {
        return INBOX_FULL;
      }
    }
    if (inbox.waiting !== undefined) {
      inbox.waiting.messages++;
      inbox.waiting.bytes += size;
    }
    return ++inbox.lastId;
  }

  /** Notes that messages went, of so many bytes as far as it is known. */
  removed(
    recipient: Uint8Array,
    messages: number,
    bytes: number | undefined,
  ): void {
    const inbox = this.#remembered.get(recipient.toHex());
    if (inbox?.waiting === undefined) return;
    if (bytes === undefined) {
      inbox.waiting = undefined;
      return;
    }
    inbox.waiting.messages -= messages;
    inbox.waiting.bytes -= bytes;
  }

  /** Forgets everything, since a transaction was rolled back. */
  forget(): void {
    this.#remembered.clear();
  }

  #find(recipient: Uint8Array): Inbox | undefined {
    const key = recipient.toHex();
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const row = this.#lastId.get(recipient, recipient);
    if (row === undefined) return undefined;
    const inbox: Inbox = { lastId: row.id, waiting: undefined };
    this.#remembered.set(key, inbox);
    return inbox;
  }
}
