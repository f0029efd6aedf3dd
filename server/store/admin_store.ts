/**
 * What the admin program does with a store, whatever kind of store it is.
 *
 * @module
 */

import { formatThings } from "../../shared/cli/figures.ts";

/** What to do about inboxes that have used up their ids. */
export const RESTART_IDS =
  "once they have pulled what waits, run deno task admin restart-ids";

/** What became of a store's inboxes whose ids were raised by `ID_JUMP`. */
export interface RaisedIds {
  /** All inboxes. */
  inboxes: number;
  /** Those of them that have no further id: they take no message until they start anew. */
  usedUp: number;
}

/** What became of the inboxes that had used up their ids. */
export interface RestartedIds {
  /** Inboxes that start with the id 1 again. */
  restarted: number;
  /** The names of users for whom messages still wait: theirs can't. */
  waiting: string[];
}

/** A row of a store, which every kind of store has. Ids are 16 bytes. */
export type StoreRow =
  | {
    table: "accounts";
    position: number;
    id: Uint8Array;
    name: string;
    publicKey: Uint8Array;
  }
  | {
    table: "activity";
    position: number;
    lastSeen: string;
    lastMessage: number;
  }
  | {
    table: "messages";
    id: number;
    recipient: Uint8Array;
    sender: Uint8Array;
    type: number;
    content: Uint8Array;
    /** Bytes of content that are in parts. */
    rest: number;
    /** Milliseconds since 1970. */
    arrived: number;
  }
  | {
    table: "parts";
    recipient: Uint8Array;
    /** The message's. */
    id: number;
    /** From 1. */
    part: number;
    content: Uint8Array;
  };

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

/** The counts in words. */
export function formatCounts({ users, messages }: StoreCounts): string {
  return `${formatThings(users, "user")}, ${
    formatThings(messages, "waiting message")
  }`;
}

/**
 * An open store. A relay may use it meanwhile: nothing here keeps it waiting
 * for longer than a moment.
 */
export interface AdminStore {
  /** Reads figures. */
  stats(now: Date): Promise<StoreStats>;

  /** All users, in the order in which they registered. */
  users(): AsyncIterable<UserInfo>;

  /** The user of this name, or undefined. */
  user(name: string): Promise<UserInfo | undefined>;

  /**
   * Deletes a user with all that waits for it. Cut off in the middle, the user
   * is still there, with what is left.
   *
   * @returns the number of messages deleted; undefined where no user has the name
   */
  deleteUser(name: string): Promise<number | undefined>;

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
