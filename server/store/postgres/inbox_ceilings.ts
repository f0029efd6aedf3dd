import { MAX_MESSAGE_ID } from "../../../shared/wire/protocol.ts";
import { LruCache } from "../lru_cache.ts";
import type { Quota } from "../store.ts";
import { type Query, sql } from "./connection/statement.ts";

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

/** What was found at a moment. */
interface Counted {
  /** When, on the clock of `performance.now()`. */
  at: number;
  /** The counters then. */
  lastMessage: number;
  totalBytes: number;
  /** What waited then. */
  messages: number;
  bytes: number;
}

/** As if all that ever came in still waited. */
const NOTHING_REMOVED: Counted = {
  at: -Infinity,
  lastMessage: 0,
  totalBytes: 0,
  messages: 0,
  bytes: 0,
};

const COUNT = sql(
  `SELECT a.LastMessage, a.TotalBytes, w.messages, w.bytes FROM activity AS a,
    (SELECT count(*) AS messages,
        coalesce(sum(octet_length(Content) + Rest), 0)::bigint AS bytes
      FROM messages WHERE ToClient = $1) AS w
    WHERE a.ID = $1`,
);

/**
 * How high the counters of inboxes may rise before their quotas are used up.
 * What ever came in can't tell what still waits, so what waits is counted, but
 * only where more came in than the quota holds.
 */
export class InboxCeilings {
  readonly #query: Query;
  /** How often something was removed. */
  #lowerings = 0;
  readonly #counted = new LruCache<Counted>(MOST_REMEMBERED);

  constructor(query: Query) {
    this.#query = query;
  }

  /** The ceiling as far as it is known: it may be too low, and never is too high. */
  of(key: string, quota: Quota): Ceiling {
    return ceilingOf(this.#counted.get(key) ?? NOTHING_REMOVED, quota);
  }

  /** The ceiling by what waits now, or waited lately. */
  async count(
    key: string,
    recipient: Uint8Array,
    quota: Quota,
  ): Promise<Ceiling> {
    const known = this.#counted.get(key);
    const at = performance.now();
    if (known !== undefined && at - known.at < COUNT_AGAIN) {
      return ceilingOf(known, quota);
    }
    const lowerings = this.#lowerings;
    const [row] = await this.#query<[number, number, number, number]>(COUNT, [
      recipient,
    ]);
    const [lastMessage = 0, totalBytes = 0, messages = 0, bytes = 0] = row ??
      [];
    const counted = {
      // What was removed meanwhile may have been counted.
      at: lowerings === this.#lowerings ? at : -Infinity,
      lastMessage,
      totalBytes,
      messages,
      bytes,
    };
    this.#counted.set(key, counted);
    return ceilingOf(counted, quota);
  }

  /** Something was removed from any inboxes. */
  forget(): void {
    this.#lowerings++;
    this.#counted.clear();
  }

  /** Something was removed from an inbox. */
  lowered(key: string): void {
    this.#lowerings++;
    const known = this.#counted.get(key);
    if (known !== undefined) known.at = -Infinity;
  }
}

function ceilingOf(
  { lastMessage, totalBytes, messages, bytes }: Counted,
  quota: Quota,
): Ceiling {
  return {
    lastMessage: quota.messages === 0
      ? MAX_MESSAGE_ID
      : lastMessage - messages + quota.messages,
    totalBytes: quota.bytes === 0
      ? Number.MAX_SAFE_INTEGER
      : totalBytes - bytes + quota.bytes,
  };
}
