/**
 * The table of messages.
 *
 * @module
 */

import type { ClientId } from "../../shared/wire/protocol.ts";
import { UserError } from "../errors.ts";
import type {
  Explanation,
  Message,
  MessageDetails,
  MessageNumber,
} from "./message.ts";
import { type ContactRow, idIn, LABEL, OWNER } from "./contact_table.ts";
import type { StoreDatabase, Value } from "./database.ts";
import { SenderLock } from "./folder.ts";
import {
  type Matches,
  PatternMatcher,
  SEARCH_LIMIT,
} from "./pattern_matcher.ts";

/** Messages that a search reads at once. */
const SEARCH_PAGE = 500;

/** Which messages to list. */
export interface HistoryOptions {
  /** Only those with this contact. */
  name?: string | undefined;
  /** Only those with a smaller number. */
  before?: number | undefined;
  /** Only those with a larger number. */
  after?: number | undefined;
  /** Only those stored since, in milliseconds since 1970; see {@linkcode Messages.firstSince}. */
  since?: number | undefined;
  /** Only the latest `limit` messages. */
  limit?: number | undefined;
}

/** How to search. */
export interface SearchOptions {
  /** Only with this contact. */
  name?: string | undefined;
  /** Milliseconds that matching may take in total; default: 10 s. */
  limit?: number | undefined;
  /** Aborts the search, which throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A message that a search has found. */
export interface FoundMessage extends Message {
  /** The matches in its text, or in a file's path. */
  matches: Matches;
}

/** A row of the table with its contact; times are milliseconds since 1970. */
export interface MessageRow
  extends MessageDetails, Pick<Message, "id" | "kind" | "path" | "size"> {
  clientId: ClientId;
  label: string;
  contact: ContactRow;
  outgoing: number;
  succeeds: ContactRow | undefined;
  text: Uint8Array | undefined;
  doubtful: number;
  unreached: number;
  shown: number | undefined;
  sender: string | undefined;
}

const SELECT = `SELECT m.*, c.clientId, c.succeeds, ${LABEL} AS label
  FROM messages m JOIN contacts c ON c.contact = m.contact ${OWNER}`;

/** The condition of messages whose contact isn't blocked. */
export const NOT_BLOCKED = "o.blocked = 0";

/**
 * The rows of the contacts that have or had a name, or that of the contact with it
 * as an alias, or have an id.
 *
 * @returns a query and its parameters
 */
export function contactRows(name: string): readonly [string, ...Value[]] {
  return [
    `SELECT contact FROM contacts WHERE alias = ?1 OR clientId = ?2
       OR name = CASE WHEN EXISTS (SELECT 1 FROM contacts WHERE alias = ?1)
         THEN (SELECT name FROM contacts WHERE alias = ?1)
         WHEN NOT EXISTS (SELECT 1 FROM contacts WHERE clientId = ?2) THEN ?1 END`,
    name,
    idIn(name),
  ];
}

/** All messages, in the order of storing. */
export class Messages {
  readonly #database: StoreDatabase;

  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** Where received files were saved, the oldest first. */
  receivedPaths(): string[] {
    return this.#database.rows<{ path: string }>(
      "SELECT path FROM messages WHERE outgoing = 0 AND kind = 'file' AND path IS NOT NULL ORDER BY id",
    ).map(({ path }) => path);
  }

  /** Messages, the oldest first. */
  list(options: HistoryOptions = {}): Message[] {
    const { name, before, after, since, limit } = options;
    const conditions = ["1"];
    const params: Value[] = [];
    const where = (condition: string, value: Value) => {
      if (value === undefined) return;
      conditions.push(condition);
      params.push(value);
    };
    if (name !== undefined) {
      const [rows, ...values] = contactRows(name);
      conditions.push(`m.contact IN (${rows})`);
      params.push(...values);
    }
    where("m.id < ?", before);
    where("m.id > ?", after);
    if (since !== undefined) {
      const first = this.firstSince(since);
      if (first === undefined) return [];
      where("m.id >= ?", first);
    }
    params.push(limit ?? -1);
    return this.messages(
      `${conditions.join(" AND ")} ORDER BY m.id DESC LIMIT ?`,
      ...params,
    ).reverse();
  }

  /**
   * Texts and files whose text or path matches a pattern, the oldest first.
   *
   * @throws {UserError} where the pattern takes too long or is too large
   */
  async *search(
    pattern: RegExp,
    { name, limit = SEARCH_LIMIT, signal }: SearchOptions = {},
  ): AsyncGenerator<FoundMessage> {
    using matcher = new PatternMatcher(pattern, limit);
    const wanted = name === undefined
      ? undefined
      : new Set(this.#contacts(name));
    for (let last = 0;;) {
      const page = this.select(
        "m.id > ? AND m.kind IN ('text', 'file') ORDER BY m.id LIMIT ?",
        last,
        SEARCH_PAGE,
      );
      const messages: Message[] = [];
      for (const row of page) {
        last = row.id;
        if (wanted?.has(row.contact) === false) continue;
        messages.push(this.messageOf(row));
      }
      const found = await matcher.find(
        messages.map(({ text, path }) => text ?? path ?? ""),
        signal,
      );
      for (const [at, message] of messages.entries()) {
        const matches = found[at] ?? [];
        if (matches.length > 0) yield { ...message, matches };
      }
      if (page.length < SEARCH_PAGE) return;
    }
  }

  /** A message. @throws {UserError} where there is none with this number */
  get(id: MessageNumber): Message {
    return this.messageOf(this.row(id));
  }

  /** All that is known of a message. @throws {UserError} where there is none with this number */
  explain(id: MessageNumber): Explanation {
    const row = this.row(id);
    return {
      ...this.messageOf(row),
      relayMessageId: row.relayMessageId,
      made: row.made,
      written: row.written,
      sent: row.sent,
      acknowledged: row.acknowledged,
      received: row.received,
      decrypted: row.decrypted,
      shownAt: row.shown,
      attempts: row.attempts,
      failure: row.failure,
      acks: this.#database.rows<{ consumer: string; time: number }>(
        "SELECT consumer, time FROM acks WHERE message = ? ORDER BY time",
        id,
      ),
    };
  }

  /** The oldest messages after number `after` that the user hasn't seen. */
  unshown(after: number, limit: number): Message[] {
    return this.messages(
      `m.outgoing = 0 AND m.shown IS NULL AND ${NOT_BLOCKED} AND m.id > ? ORDER BY m.id LIMIT ?`,
      after,
      limit,
    );
  }

  /** The oldest message with a contact that the user hasn't seen, of those that count as unread. */
  firstUnread(name: string): MessageNumber | undefined {
    const [rows, ...params] = contactRows(name);
    return this.#database.row<{ id: MessageNumber }>(
      `SELECT id FROM messages WHERE outgoing = 0 AND shown IS NULL
         AND kind IN ('text', 'file', 'unreadable') AND contact IN (${rows})
       ORDER BY id LIMIT 1`,
      ...params,
    )?.id;
  }

  /** Marks received messages as seen by the user. */
  markShown(ids: readonly MessageNumber[]): void {
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

  /** Rows that match a condition on `m`, which may include ORDER BY and LIMIT. */
  select(condition: string, ...params: Value[]): MessageRow[] {
    return this.#database.rows<MessageRow>(
      `${SELECT} WHERE ${condition}`,
      ...params,
    );
  }

  /** The messages of the rows that match a condition, see {@linkcode select}. */
  messages(condition: string, ...params: Value[]): Message[] {
    return this.select(condition, ...params).map((row) => this.messageOf(row));
  }

  /** One row, or undefined. */
  find(id: MessageNumber): MessageRow | undefined {
    return this.select("m.id = ?", id)[0];
  }

  /** A message's row. @throws {UserError} where there is no message with this number */
  row(id: MessageNumber): MessageRow {
    const row = this.find(id);
    if (row !== undefined) return row;
    throw new UserError(
      `There is no message ${id}`,
      '"history" tells their numbers',
    );
  }

  /**
   * The number of the first message that was stored since a time. Later numbers
   * count even with earlier times, since the clock may have been wrong.
   *
   * @param time in milliseconds since 1970
   * @returns undefined where `time` is in the future
   */
  firstSince(time: number): number | undefined {
    const now = Date.now();
    if (time > now) return undefined;
    const found = this.#database.row<{ id: number }>(
      "SELECT id FROM messages WHERE written BETWEEN ? AND ? ORDER BY id LIMIT 1",
      time,
      now,
    );
    if (found !== undefined) return found.id;
    return this.last() + 1;
  }

  /** The number of the last message; 0 where there is none. */
  last(): number {
    return this.#database.one<{ last: number }>(
      "SELECT coalesce(max(id), 0) AS last FROM messages",
    ).last;
  }

  /** Inserts a row; returns its number. */
  insert(values: Record<string, Value>): MessageNumber {
    const columns = Object.keys(values);
    return this.#database.write(() =>
      this.#database.one<{ id: MessageNumber }>(
        `INSERT INTO messages (${columns.join()}) VALUES (${
          columns.map(() => "?").join()
        }) RETURNING id`,
        ...Object.values(values),
      ).id
    );
  }

  /** The message in a row. */
  messageOf(row: MessageRow): Message {
    return {
      id: row.id,
      contact: row.label,
      contactId: row.clientId,
      outgoing: row.outgoing === 1,
      kind: row.kind,
      text: row.text === undefined ? undefined : decodeText(row.text),
      path: row.path,
      size: row.size,
      time: row.written,
      delivery: row.outgoing === 0
        ? "received"
        : row.acknowledged !== undefined
        ? "sent"
        : this.isBeingSent(row)
        ? "sending"
        : "unsent",
      shown: row.shown !== undefined,
      doubtful: row.doubtful === 1,
      accepted: row.succeeds === undefined,
    };
  }

  /** Whether a client in the folder is sending the message. */
  isBeingSent({ sender, acknowledged }: MessageRow): boolean {
    return sender !== undefined && acknowledged === undefined &&
      SenderLock.isAlive(this.#database.folder, sender);
  }

  #contacts(name: string): ContactRow[] {
    return this.#database.rows<{ contact: ContactRow }>(...contactRows(name))
      .map(({ contact }) => contact);
  }
}

/** A text as the table stores it: as bytes, since text in SQLite ends at a NUL. */
export function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text);
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
