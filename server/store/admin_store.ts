/**
 * The interface of stores to the admin program.
 *
 * @module
 */

import { formatThings } from "../../shared/cli/figures.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { StoreError } from "./store.ts";
import type { StoreRow, StoreTable } from "./store_rows.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Advice for inboxes that have used up their ids. */
export const RESTART_IDS =
  "once they have pulled what waits, run messageu-admin restart-ids";

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
  /** Number of those with a secure account, also a deleted one. */
  secured: number;
  /** Number of users seen within the last day. */
  seenLastDay: number;
  /** Number of users seen within 7 days. */
  seenLastWeek: number;
  /** Number of users seen within 30 days. */
  seenLastMonth: number;
  /** Waiting messages, in inboxes and mailboxes. */
  messages: number;
  /** Number of those in mailboxes. */
  mail: number;
  /** Size in bytes of the contents of all. */
  bytes: number;
  /** Arrival of the oldest waiting message; undefined if none waits. */
  oldest: Date | undefined;
  /** Number of messages in the largest inboxes and mailboxes, the largest first. */
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
  /** Whether it has a secure account, also a deleted one. */
  isSecured: boolean;
  /** Waiting messages, also those in its devices' mailboxes. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

/** Number of users and messages in a store or a backup. */
export interface StoreCounts {
  /** Number of registered users. */
  users: number;
  /** Waiting messages, in inboxes and mailboxes. */
  messages: number;
}

/** The counts of a store with so many rows of each table. */
export function countsOf(
  { accounts, messages, mail }: Record<StoreTable, number>,
): StoreCounts {
  return { users: accounts, messages: messages + mail };
}

/** Formats the counts in words. */
export function formatCounts({ users, messages }: StoreCounts): string {
  return `${formatThings(users, "user")}, ${
    formatThings(messages, "waiting message")
  }`;
}

/** Maximum number of inboxes in {@linkcode StoreStats.largestInboxes}. */
export const LARGEST_INBOXES = 5;

/** Milliseconds of a day. */
const DAY = 86_400_000;
/** Milliseconds between two batches of a purge, in which a relay writes. */
const PURGE_PAUSE = 20;

/** A user as a kind of store reads it. */
export interface UserRow extends Omit<UserInfo, "id"> {
  id: ClientId;
  /** Position in the client list. */
  position: number;
}

/**
 * What a kind of store implements for the admin program. A relay may use the
 * store at the same time: no method blocks it for longer than a moment.
 */
export interface AdminWork {
  /**
   * Reads figures.
   *
   * @param since times in ISO 8601; the result counts the users seen since each
   */
  stats(since: readonly string[]): Awaitable<
    & Omit<StoreStats, "seenLastDay" | "seenLastWeek" | "seenLastMonth">
    & { seen: readonly number[] }
  >;

  /** The next users after a position, in the order of their registration. */
  usersBehind(position: number): Awaitable<UserRow[]>;

  /** The user with this name, or undefined. */
  userCalled(name: string): Awaitable<UserRow | undefined>;

  /**
   * Deletes a user and its waiting messages. If interrupted, the user remains
   * with the messages that are left.
   *
   * @returns the number of messages deleted; undefined if there is no such user
   */
  deleteUser(id: ClientId): Awaitable<number | undefined>;

  /** Counts the messages that arrived before a time. */
  countArrivedBefore(before: Date): Awaitable<number>;

  /**
   * Deletes a batch of the messages that arrived before a time.
   *
   * @returns the number of messages deleted; 0 once there are no more
   */
  purgeSome(before: Date): Awaitable<number>;

  /**
   * Raises the highest id of every inbox and the highest position of every
   * mailbox by `ID_JUMP`, and deletes all single-use packages, so that none is
   * given out again after the store went back in time. Counts of devices stay.
   */
  raiseIds(): Awaitable<RaisedIds>;

  /** Restarts the ids of empty inboxes that have used them up. */
  restartIds(): Awaitable<RestartedIds>;

  /** Checks for damage and inconsistencies; returns a sentence for each. */
  check(): Awaitable<string[]>;

  /**
   * Writes a consistent copy into a new SQLite file. The file appears only once
   * it is complete and checked.
   *
   * @throws {Error} if the path exists (`EEXIST`)
   */
  backup(path: string): Awaitable<StoreCounts>;

  /**
   * Fills an empty store in one transaction.
   *
   * @param rows a consistent copy of another store: all users, then all messages
   * in the order of their arrival
   * @throws {Error} if the store isn't empty
   */
  fill(rows: AsyncIterable<StoreRow>): Awaitable<StoreCounts>;

  /** Closes the store. */
  close(): Awaitable<void>;
}

type Awaitable<T> = T | Promise<T>;

/** The methods of an {@linkcode AdminWork}, whose failures name the store. */
type Named = {
  [M in keyof AdminWork]: (
    ...args: Parameters<AdminWork[M]>
  ) => Promise<Awaited<ReturnType<AdminWork[M]>>>;
};

/** An open store, as the admin program sees it: {@linkcode AdminWork} by users' names. */
export type AdminStore =
  & Omit<Named, keyof ByName | "usersBehind" | "userCalled" | "purgeSome">
  & ByName;

type ByName = ReturnType<typeof byName>;

/**
 * The admin program's view of a store.
 *
 * @param name the store's, for error messages
 * @param reasonOf explains a failure of the store
 */
export function administer(
  name: string,
  reasonOf: (cause: unknown) => Error,
  work: AdminWork,
): AdminStore {
  const explain = (cause: unknown): unknown => {
    const file = cause instanceof StoreError ? cause.cause : cause;
    // The caller knows what to do about another file at its path.
    if (hasCode(file, "EEXIST")) return file;
    const { message } = reasonOf(cause);
    return new StoreError(`${name}: ${message}`, { cause });
  };
  const methods = Object.entries<unknown>({ ...work });
  const named = Object.fromEntries(methods.map(([key, method]) => [
    key,
    async (...args: readonly unknown[]) => {
      try {
        return await (method as (...args: readonly unknown[]) => unknown)(
          ...args,
        );
      } catch (error) {
        throw explain(error);
      }
    },
  ])) as unknown as Named;
  return { ...named, ...byName(named) };
}

function byName(store: Named) {
  return {
    /** Reads figures. */
    async stats(now: Date): Promise<StoreStats> {
      const since = [1, 7, 30].map((days) =>
        new Date(now.getTime() - days * DAY).toISOString()
      );
      const { users, secured, seen, ...stats } = await store.stats(since);
      const [seenLastDay = 0, seenLastWeek = 0, seenLastMonth = 0] = seen;
      return {
        users,
        secured,
        seenLastDay,
        seenLastWeek,
        seenLastMonth,
        ...stats,
      };
    },

    /** All users, in the order of their registration. */
    async *users(): AsyncGenerator<UserInfo> {
      for (let last = 0, rows; (rows = await store.usersBehind(last)).length;) {
        yield* rows.map(infoOf);
        last = rows.at(-1)?.position ?? last;
      }
    },

    /** The user with this name, or undefined. */
    async user(name: string): Promise<UserInfo | undefined> {
      const row = await store.userCalled(name);
      return row && infoOf(row);
    },

    /** Deletes the user with this name: see {@linkcode AdminWork.deleteUser}. */
    async deleteUser(name: string): Promise<number | undefined> {
      const row = await store.userCalled(name);
      return row && await store.deleteUser(row.id);
    },

    /** Deletes the messages that arrived before a time; returns their number. */
    async purge(before: Date): Promise<number> {
      for (let count = 0;;) {
        const deleted = await store.purgeSome(before);
        if (deleted === 0) return count;
        count += deleted;
        await new Promise((resolve) => setTimeout(resolve, PURGE_PAUSE));
      }
    },
  };
}

function infoOf({ position: _, id, ...info }: UserRow): UserInfo {
  return { ...info, id: id.toHex() };
}
