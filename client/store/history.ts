/**
 * What was said, to be read again.
 *
 * @module
 */

import type { BindValue } from "@db/sqlite";
import type { Explanation, Message } from "../session/message.ts";
import type { StoreDatabase } from "./database.ts";
import type { MessageRows } from "./message_rows.ts";
import { PatternMatcher, SEARCH_LIMIT } from "./pattern_matcher.ts";

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
  /** Only those written down since, in milliseconds since 1970; see {@linkcode MessageRows.firstSince}. */
  since?: number | undefined;
  /** The latest so many. */
  limit?: number | undefined;
}

/** How to search. */
export interface SearchOptions {
  /** Only with this contact. */
  name?: string | undefined;
  /** Milliseconds that matching may take in all; 10 s by default. */
  limit?: number | undefined;
  /** Ends the search: it throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The conversations, in the order in which they were written down. */
export class History {
  readonly #database: StoreDatabase;
  readonly #rows: MessageRows;

  /** Reads these rows. */
  constructor(database: StoreDatabase, rows: MessageRows) {
    this.#database = database;
    this.#rows = rows;
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
    if (since !== undefined) {
      const first = this.#rows.firstSince(since);
      if (first === undefined) return [];
      where("m.id >= ?", first);
    }
    params.push(limit ?? -1);
    return this.#rows.messages(
      `${conditions.join(" AND ")} ORDER BY m.id DESC LIMIT ?`,
      ...params,
    ).reverse();
  }

  /**
   * Texts and files whose text or path a pattern fits, the oldest first.
   *
   * @throws {UserError} where the pattern takes too long
   */
  async *search(
    contacts: readonly number[] | undefined,
    pattern: RegExp,
    { limit = SEARCH_LIMIT, signal }: SearchOptions,
  ): AsyncGenerator<Message> {
    using matcher = new PatternMatcher(pattern, limit);
    const wanted = contacts && new Set(contacts);
    for (let last = 0;;) {
      const page = this.#rows.select(
        "m.id > ? AND m.kind IN ('text', 'file') ORDER BY m.id LIMIT ?",
        last,
        SEARCH_PAGE,
      );
      const messages: Message[] = [];
      for (const row of page) {
        last = Number(row.id);
        if (wanted?.has(row.contact) === false) continue;
        messages.push(this.#rows.messageOf(row));
      }
      const fits = await matcher.fits(
        messages.map(({ text, path }) => text ?? path ?? ""),
        signal,
      );
      yield* messages.filter((_, at) => fits[at]);
      if (page.length < SEARCH_PAGE) return;
    }
  }

  /** @throws {UserError} where there is no message of this number */
  get(id: number): Message {
    return this.#rows.messageOf(this.#rows.get(id));
  }

  /** @throws {UserError} where there is no message of this number */
  explain(id: number): Explanation {
    const row = this.#rows.get(id);
    return {
      ...this.#rows.messageOf(row),
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

  /** The oldest messages that the user hasn't seen. */
  unshown(after: number, limit: number): Message[] {
    return this.#rows.messages(
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
}

function orNone(time: number | null): number | undefined {
  return time === null ? undefined : Number(time);
}
