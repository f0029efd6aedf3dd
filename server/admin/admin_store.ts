/**
 * What the admin program does with a store, whatever kind of store it is.
 *
 * @module
 */

import type { RaisedIds, RestartedIds } from "../store/raised_ids.ts";
import type { StoreRow } from "./store_row.ts";

/** Figures of a store. */
export interface StoreStats {
  /** Registered users. */
  users: number;
  /** Of these, who was seen within the last day. */
  seenLastDay: number;
  /** The same within 7 days. */
  seenLastWeek: number;
  /** The same within 30 days. */
  seenLastMonth: number;
  /** Waiting messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
  /** When the oldest of them arrived; undefined where none waits. */
  oldest: Date | undefined;
  /** Messages in the largest inboxes, the largest first. */
  largestInboxes: number[];
  /** What the store takes on its disk. */
  files: { name: string; bytes: number }[];
}

/** A user, and what waits for it. */
export interface UserInfo {
  /** The name; of one that another server registered it may hold anything. */
  name: string;
  /** 32 hex digits. */
  id: string;
  /** When it was last seen, as the store has it. */
  lastSeen: string;
  /** Waiting messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

/** How much a store or a backup holds. */
export interface StoreCounts {
  /** Registered users. */
  users: number;
  /** Waiting messages. */
  messages: number;
}

/**
 * An open store. A relay may use it meanwhile: nothing here keeps it waiting
 * for longer than a moment.
 */
export interface AdminStore {
  /** Reads figures. */
  stats(now: Date): Promise<StoreStats>;

  /** Everybody, in the order in which they registered. */
  users(): AsyncIterable<UserInfo>;

  /** The user of this name, or undefined. */
  user(name: string): Promise<UserInfo | undefined>;

  /**
   * Removes a user with all that waits for it. Cut off in the middle, the user
   * is still there, with what is left.
   *
   * @returns how many messages went, or undefined where nobody has the name
   */
  remove(name: string): Promise<number | undefined>;

  /** Counts the messages that arrived before. */
  countArrivedBefore(before: Date): Promise<number>;

  /**
   * Deletes the messages that arrived before, in batches.
   *
   * @returns how many
   */
  purge(before: Date): Promise<number>;

  /**
   * Raises the highest id of every inbox by `ID_JUMP`, so that no id comes again
   * where the store went back in time.
   */
  raiseIds(): Promise<RaisedIds>;

  /** Starts inboxes anew that have used up their ids, where nothing waits in them. */
  restartIds(): Promise<RestartedIds>;

  /** Looks for damage, and for what doesn't fit together; a sentence each. */
  check(): Promise<string[]>;

  /**
   * Writes a copy as of one moment into a new SQLite file: whole and checked,
   * or not at all.
   *
   * @throws {Deno.errors.AlreadyExists} where the path is taken
   */
  backup(path: string): Promise<StoreCounts>;

  /**
   * Fills an empty store, all of it or nothing.
   *
   * @param rows everything of another store as of one moment: all users, then
   * all messages as they arrived
   * @throws {Error} where the store isn't empty
   */
  fill(rows: AsyncIterable<StoreRow>): Promise<StoreCounts>;

  /** Lets go of everything. */
  close(): Promise<void>;
}
