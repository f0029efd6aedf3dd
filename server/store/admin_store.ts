/**
 * The interface of stores to the admin program.
 *
 * @module
 */

import { formatThings } from "../../shared/cli/figures.ts";
import { StoreError } from "./store.ts";
import type { StoreRow } from "./store_rows.ts";

/** Advice for inboxes that have used up their ids. */
export const RESTART_IDS =
  "once they have pulled what waits, run deno task admin restart-ids";

/** Result of raising the message ids of all inboxes by `ID_JUMP`. */
export interface RaisedIds {
  /** Number of inboxes. */
  inboxes: number;
  /** Number of inboxes without a further id, which refuse messages until a restart of their ids. */
  usedUp: number;
}

/** Result of restarting the message ids of inboxes that have used them up. */
export interface RestartedIds {
  /** Number of inboxes that start with id 1 again. */
  restarted: number;
  /** Names of users whose ids can't restart, since messages still wait for them. */
  waiting: string[];
}

/** Figures of a store. */
export interface StoreStats {
  /** Number of registered users. */
  users: number;
  /** Number of users seen within the last day. */
  seenLastDay: number;
  /** Number of users seen within 7 days. */
  seenLastWeek: number;
  /** Number of users seen within 30 days. */
  seenLastMonth: number;
  /** Waiting messages. */
  messages: number;
  /** Size in bytes of their contents. */
  bytes: number;
  /** Arrival of the oldest waiting message; undefined if none waits. */
  oldest: Date | undefined;
  /** Number of messages in the largest inboxes, the largest first. */
  largestInboxes: number[];
  /** The store's files on its disk. */
  files: { name: string; bytes: number }[];
}

/** A user with the size of its inbox. */
export interface UserInfo {
  /** The name; of any characters if another server registered it. */
  name: string;
  /** 32 hex digits. */
  id: string;
  /** When the user was last seen, as the store has it. */
  lastSeen: string;
  /** Waiting messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

/** Number of users and messages in a store or a backup. */
export interface StoreCounts {
  /** Number of registered users. */
  users: number;
  /** Waiting messages. */
  messages: number;
}

/** Formats the counts in words. */
export function formatCounts({ users, messages }: StoreCounts): string {
  return `${formatThings(users, "user")}, ${
    formatThings(messages, "waiting message")
  }`;
}

/**
 * An open store. A relay may use the store at the same time: no method blocks it
 * for longer than a moment.
 */
export interface AdminStore {
  /** Reads figures. */
  stats(now: Date): Promise<StoreStats>;

  /** All users, in the order in which they registered. */
  users(): AsyncIterable<UserInfo>;

  /** The user with this name, or undefined. */
  user(name: string): Promise<UserInfo | undefined>;

  /**
   * Deletes a user and its waiting messages. If interrupted, the user remains
   * with the messages that are left.
   *
   * @returns the number of messages deleted; undefined if no user has the name
   */
  deleteUser(name: string): Promise<number | undefined>;

  /** Counts the messages that arrived before a time. */
  countArrivedBefore(before: Date): Promise<number>;

  /**
   * Deletes the messages that arrived before a time, in batches.
   *
   * @returns the number of messages deleted
   */
  purge(before: Date): Promise<number>;

  /**
   * Raises the highest id of every inbox by `ID_JUMP`, so that no id is reused
   * after the store went back in time.
   */
  raiseIds(): Promise<RaisedIds>;

  /** Restarts the ids of empty inboxes that have used them up. */
  restartIds(): Promise<RestartedIds>;

  /** Checks for damage and inconsistencies; returns a sentence for each. */
  check(): Promise<string[]>;

  /**
   * Writes a consistent copy into a new SQLite file. The file appears only once
   * it is complete and checked.
   *
   * @throws {Deno.errors.AlreadyExists} if the path exists
   */
  backup(path: string): Promise<StoreCounts>;

  /**
   * Fills an empty store in one transaction.
   *
   * @param rows a consistent copy of another store: all users, then all messages
   * in the order of their arrival
   * @throws {Error} if the store isn't empty
   */
  fill(rows: AsyncIterable<StoreRow>): Promise<StoreCounts>;

  /** Closes the store. */
  close(): Promise<void>;
}

/** Runs the work of an admin store, and names the store in what it throws. */
export class StoreWork {
  readonly #name: string;
  readonly #reasonOf: (cause: unknown) => Error;

  /** @param reasonOf explains a failure of the store */
  constructor(name: string, reasonOf: (cause: unknown) => Error) {
    this.#name = name;
    this.#reasonOf = reasonOf;
  }

  /** @throws {StoreError} where `work` throws anything but AlreadyExists */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** @throws {StoreError} where `items` throws */
  async *each<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(cause: unknown): unknown {
    const file = cause instanceof StoreError ? cause.cause : cause;
    // The caller knows what to do about another file at its path.
    if (file instanceof Deno.errors.AlreadyExists) return file;
    const { message } = this.#reasonOf(cause);
    return new StoreError(`${this.#name}: ${message}`, { cause });
  }
}
