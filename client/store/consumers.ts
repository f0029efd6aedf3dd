/**
 * Consumers: programs that are handed every received message until they
 * acknowledge it, each at its own pace.
 *
 * @module
 */

import type { BindValue } from "@db/sqlite";
import { UserError } from "../errors.ts";
import type { Message } from "../session/message.ts";
import { CONSUMER_NAME, FolderLock, isConsumerName } from "./folder.ts";
import type { StoreDatabase } from "./database.ts";
import type { MessageRows } from "./message_rows.ts";

/** From where on a consumer is handed messages. */
export interface ConsumerOptions {
  /** Only what was received since, in milliseconds since 1970. */
  since?: number | undefined;
  /** Also what was acknowledged. Default: false. */
  replay?: boolean | undefined;
}

/** One consumer at work; nobody else has its name until it is disposed of. */
export class Consumer implements Disposable {
  readonly #name: string;
  readonly #options: ConsumerOptions;
  readonly #database: StoreDatabase;
  readonly #rows: MessageRows;
  readonly #lock: FolderLock;
  readonly #open = new Set<number>();
  /** Behind it are the messages that are still to be handed out. */
  #last: number;
  /** The number of the first message that is wanted; undefined while none is. */
  #first: number | undefined;

  private constructor(
    name: string,
    options: ConsumerOptions,
    database: StoreDatabase,
    rows: MessageRows,
    lock: FolderLock,
  ) {
    this.#name = name;
    this.#options = options;
    this.#database = database;
    this.#rows = rows;
    this.#lock = lock;
    this.#last = options.replay ? 0 : this.#settle();
    this.#first = this.#findFirst();
  }

  /**
   * Takes up a consumer's work where it was left, or begins one.
   *
   * @throws {UserError} where the name is none, or somebody is at it
   */
  static start(
    name: string,
    options: ConsumerOptions,
    database: StoreDatabase,
    rows: MessageRows,
  ): Consumer {
    if (!isConsumerName(name)) {
      throw new UserError(
        `"${name}" can't be a consumer's name`,
        `It takes ${CONSUMER_NAME}`,
      );
    }
    const lock = FolderLock.tryTake(
      `${database.folder}/consumer.${name}.lock`,
    );
    if (lock === undefined) {
      throw new UserError(
        `Another program in this folder listens as "${name}"`,
        "Give each its own name, or end the other one",
      );
    }
    try {
      database.run(
        "INSERT INTO consumers (consumer) VALUES (?) ON CONFLICT DO NOTHING",
        name,
      );
      return new Consumer(name, options, database, rows, lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Messages that were handed out in this run and aren't acknowledged. */
  get open(): number {
    return this.#open.size;
  }

  /** The oldest messages that weren't acknowledged nor handed out in this run. */
  next(limit: number): Message[] {
    this.#first ??= this.#findFirst();
    if (this.#first === undefined) return [];
    const conditions = ["m.outgoing = 0", "m.id > ?"];
    const params: BindValue[] = [Math.max(this.#last, this.#first - 1)];
    if (!this.#options.replay) {
      conditions.push(
        "NOT EXISTS (SELECT 1 FROM acks WHERE consumer = ? AND message = m.id)",
      );
      params.push(this.#name);
    }
    const messages = this.#rows.messages(
      `${conditions.join(" AND ")} ORDER BY m.id LIMIT ?`,
      ...params,
      limit,
    );
    for (const { id } of messages) {
      this.#last = id;
      this.#open.add(id);
    }
    return messages;
  }

  /**
   * The consumer is done with a message and isn't handed it again.
   *
   * @returns false where there is no such received message
   */
  acknowledge(id: number): boolean {
    this.#open.delete(id);
    if (this.#rows.find(id)?.outgoing !== 0) return false;
    this.#database.run(
      "INSERT INTO acks (consumer, message, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      this.#name,
      id,
      Date.now(),
    );
    return true;
  }

  /** Leaves the name to the next one. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** Found once: what comes in later is wanted, whatever the clock says then. */
  #findFirst(): number | undefined {
    const { since } = this.#options;
    return since === undefined ? 1 : this.#rows.firstSince(since);
  }

  /** Finds the first message that isn't acknowledged, so that no start has to look at all of them. */
  #settle(): number {
    return this.#database.write(() => {
      const row = this.#database.row<{ id: number | null }>(
        `SELECT min(m.id) AS id FROM messages m, consumers c
         WHERE c.consumer = ?1 AND m.id > c.allUpTo AND m.outgoing = 0
           AND NOT EXISTS (SELECT 1 FROM acks WHERE consumer = ?1 AND message = m.id)`,
        this.#name,
      );
      const last = this.#database.row<{ id: number | null }>(
        "SELECT max(id) AS id FROM messages",
      );
      const upTo = row?.id != null ? Number(row.id) - 1 : Number(last?.id ?? 0);
      this.#database.run(
        "UPDATE consumers SET allUpTo = ? WHERE consumer = ?",
        upTo,
        this.#name,
      );
      return upTo;
    });
  }
}
