/**
 * How high the counters of an inbox may rise before its quota is used up. What
 * ever came in can't tell what still waits, so what waits is counted, but only
 * where more came in than the quota holds.
 *
 * @module
 */

import { MAX_MESSAGE_ID } from "../../../shared/protocol.ts";
import { Recent } from "../recent.ts";
import type { Quota } from "../store.ts";
import type { Query, Statement } from "./database.ts";

/** Inboxes that are remembered. */
const MOST_REMEMBERED = 100_000;
/**
 * Milliseconds in which a full inbox isn't counted again, so that who goes on
 * sending to it costs little. What this relay removes from it counts at once.
 */
const COUNT_AGAIN = 1000;

/** The highest that an inbox's counters may be. */
export interface Ceiling {
  /** The last message's id. */
  lastMessage: number;
  /** Bytes that ever came in. */
  totalBytes: number;
}

interface Counted extends Ceiling {
  /** When, on the clock of `performance.now()`. */
  at: number;
}

const NONE: Ceiling = {
  lastMessage: MAX_MESSAGE_ID,
  totalBytes: Number.MAX_SAFE_INTEGER,
};

const COUNT: Statement = {
  name: "count-inbox",
  text:
    `SELECT a.LastMessage, a.TotalBytes, w.messages, w.bytes FROM activity AS a,
    (SELECT count(*) AS messages,
        coalesce(sum(octet_length(Content) + Rest), 0)::bigint AS bytes
      FROM messages WHERE ToClient = $1) AS w
    WHERE a.ID = $1`,
};

/** The ceilings of inboxes that have been full, and of all others. */
export class InboxCeilings {
  readonly #query: Query;
  readonly #counted = new Recent<Counted>(MOST_REMEMBERED);

  /** Nothing is counted yet. */
  constructor(query: Query) {
    this.#query = query;
  }

  /** The ceiling as far as it is known: it may be too low, and never is too high. */
  of(key: string, quota: Quota): Ceiling {
    return this.#counted.get(key) ?? {
      // As if all that ever came in still waited.
      lastMessage: quota.messages || NONE.lastMessage,
      totalBytes: quota.bytes || NONE.totalBytes,
    };
  }

  /** The ceiling by what waits now, or waited lately. */
  async count(
    key: string,
    recipient: Uint8Array,
    quota: Quota,
  ): Promise<Ceiling> {
    const known = this.#counted.get(key);
    const now = performance.now();
    if (known !== undefined && now - known.at < COUNT_AGAIN) return known;
    const [row] = await this.#query<[number, number, number, number]>(COUNT, [
      recipient,
    ]);
    const [lastMessage = 0, totalBytes = 0, messages = 0, bytes = 0] = row ??
      [];
    const counted: Counted = {
      at: now,
      lastMessage: quota.messages === 0
        ? NONE.lastMessage
        : lastMessage + quota.messages - messages,
      totalBytes: quota.bytes === 0
        ? NONE.totalBytes
        : totalBytes + quota.bytes - bytes,
    };
    this.#counted.set(key, counted);
    return counted;
  }

  /** Something was removed from any inboxes. */
  forget(): void {
    this.#counted.clear();
  }

  /** Something was removed from an inbox. */
  lowered(key: string): void {
    const known = this.#counted.get(key);
    if (known !== undefined) known.at = -Infinity;
  }
}
