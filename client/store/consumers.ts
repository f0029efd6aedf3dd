/**
 * Consumers: programs that get each received message until they acknowledge it,
 * each at its own pace.
 *
 * @module
 */

import type { BindValue } from "@db/sqlite";
import { UserError } from "../errors.ts";
import type { Message, MessageNumber } from "./message.ts";
import { CONSUMER_NAME, FolderLock, isConsumerName } from "./folder.ts";
import type { StoreDatabase } from "./database.ts";
import { type Messages, NOT_BLOCKED } from "./messages.ts";

/** Which messages a consumer gets. */
export interface ConsumerOptions {
  /** Only messages received since, in milliseconds since 1970. */
  since?: number | undefined;
  /** Also acknowledged messages. Default: false. */
  replay?: boolean | undefined;
}

/** A running consumer. It locks its name among all clients in the folder until disposed. */
export class Consumer implements Disposable {
  readonly #name: string;
  readonly #options: ConsumerOptions;
  readonly #database: StoreDatabase;
  readonly #messages: Messages;
  readonly #lock: FolderLock;
  readonly #open = new Set<MessageNumber>();
  /** The number of the last message that it got. */
  #last: number;
  /** The number of the first message to get; undefined until one is found. */
  #first: number | undefined;

  private constructor(
    name: string,
    options: ConsumerOptions,
    database: StoreDatabase,
    messages: Messages,
    lock: FolderLock,
  ) {
    this.#name = name;
    this.#options = options;
    this.#database = database;
    this.#messages = messages;
    this.#lock = lock;
    this.#last = options.replay ? 0 : this.#settle();
    this.#first = this.#findFirst();
  }

  /**
   * Resumes a consumer, or creates one.
   *
   * @throws {UserError} where the name isn't valid, or another program uses it
   */
  static start(
    name: string,
    options: ConsumerOptions,
    database: StoreDatabase,
    messages: Messages,
  ): Consumer {
    if (!isConsumerName(name)) {
      throw new UserError(
        `"${name}" can't be a consumer's name`,
        `It takes ${CONSUMER_NAME}`,
      );
    }
    const lock = FolderLock.tryTake(
      `${database.folder}/consumer.${caseless(name)}.lock`,
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
      return new Consumer(name, options, database, messages, lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Number of messages that it got in this run and didn't acknowledge. */
  get open(): number {
    return this.#open.size;
  }

  /** The next messages, the oldest first; skips acknowledged ones and those of this run. */
  next(limit: number): Message[] {
    this.#first ??= this.#findFirst();
    if (this.#first === undefined) return [];
    const conditions = ["m.outgoing = 0", NOT_BLOCKED, "m.id > ?"];
    const params: BindValue[] = [Math.max(this.#last, this.#first - 1)];
    if (!this.#options.replay) {
      conditions.push(
        "NOT EXISTS (SELECT 1 FROM acks WHERE consumer = ? AND message = m.id)",
      );
      params.push(this.#name);
    }
    const messages = this.#messages.messages(
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
   * Acknowledges a message, which the consumer then doesn't get again.
   *
   * @returns false where there is no received message with this number
   */
  acknowledge(id: MessageNumber): boolean {
    this.#open.delete(id);
    if (this.#messages.find(id)?.outgoing !== 0) return false;
    this.#database.run(
      "INSERT INTO acks (consumer, message, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      this.#name,
      id,
      Date.now(),
    );
    return true;
  }

  /** Releases the name. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** Once found, later messages count even if the clock is set back. */
  #findFirst(): number | undefined {
    const { since } = this.#options;
    return since === undefined ? 1 : this.#messages.firstSince(since);
  }

  /** Stores up to which number all messages are acknowledged, so that the next start is fast. */
  #settle(): number {
    return this.#database.write(() => {
      const { first } = this.#database.one<{ first: number | undefined }>(
        `SELECT min(m.id) AS first FROM messages m, consumers c
         WHERE c.consumer = ?1 AND m.id > c.allUpTo AND m.outgoing = 0
           AND NOT EXISTS (SELECT 1 FROM acks WHERE consumer = ?1 AND message = m.id)`,
        this.#name,
      );
      const upTo = (first ?? this.#messages.last() + 1) - 1;
      this.#database.run(
        "UPDATE consumers SET allUpTo = ? WHERE consumer = ?",
        upTo,
        this.#name,
      );
      return upTo;
    });
  }
}

/** A name that differs from others also where case is ignored: `+bot` for `Bot`. */
function caseless(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`);
}
