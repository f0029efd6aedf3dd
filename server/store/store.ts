/**
 * What the relay keeps, and the only way to it: handlers know this interface
 * and no kind of store.
 *
 * @module
 */

import type {
  ClientId,
  MessageId,
  MessageType,
} from "../../shared/wire/protocol.ts";
import type { CommitFigures } from "./commit_figures.ts";
import type { IdRun } from "./id_runs.ts";
import type { SendResult } from "./send_result.ts";

/** A client that registers. */
export interface NewClient {
  /** A new id, unused so far. */
  id: ClientId;
  /** The name, unique and case-sensitive. */
  name: string;
  /** 160 bytes. */
  publicKey: Uint8Array;
}

/** A client in the list of all. */
export interface ListedClient {
  /** Where it stands among all clients. */
  position: number;
  /** Whether no client can come to stand in front of it any more. */
  settled: boolean;
  /** The id. */
  id: ClientId;
  /** The name. */
  name: string;
}

/** A message on its way in. */
export interface NewMessage {
  /** Who gets it. */
  recipient: ClientId;
  /** Who sent it. */
  sender: ClientId;
  /** What it is. */
  type: MessageType;
  /** What the relay can't read. */
  content: Uint8Array;
}

/** How much may wait in an inbox; 0 for no limit. */
export interface Quota {
  /** Messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

/** A message that waits. */
export interface StoredMessage {
  /** Its id in the recipient's inbox. */
  id: MessageId;
  /** Who sent it. */
  sender: ClientId;
  /** What it is. */
  type: number;
  /** Bytes of its whole content. */
  size: number;
  /** The content, or where that is large its beginning: {@linkcode Store.rest} has what follows. */
  content: Uint8Array;
}

/**
 * Messages of one inbox that were handed out. It may be long until it is known
 * whether they were taken, and they may be many: this takes little memory.
 */
export interface HandedOut {
  /** Their ids. */
  runs: readonly IdRun[];
  /** Bytes of their contents together. */
  bytes: number;
}

/** How much {@linkcode Store.waiting} may hand out at once. */
export interface Budget {
  /** Bytes of all messages together. */
  bytes: number;
  /** Bytes that each message costs beside its content. */
  perMessage: number;
}

/** Memory for an answer. */
export interface ResponseMemory {
  /** Takes bytes in place of those that were taken before; false where there is no room at once. */
  tryReserve(bytes: number): boolean;
  /**
   * Takes bytes in place of those that were taken before, once there is room.
   *
   * @throws {Error} where the connection ends meanwhile
   */
  reserve(bytes: number): Promise<void>;
}

/** Users and their waiting messages. Every promise settles in due time. */
export interface Store {
  /**
   * Changes whenever users may have been deleted, here or by another process.
   * A cache of users is discarded when it does.
   */
  readonly usersVersion: number;

  /**
   * Keeps a new client.
   *
   * @returns false where the name is taken
   * @throws {Error} where it can't be kept; nothing is then
   */
  register(client: NewClient, now: Date): Promise<boolean>;

  /** The id of the client that registered under a name with exactly this key, or undefined. */
  registeredId(
    client: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined>;

  /**
   * Position of the client with this id in the list of all, above 0; undefined
   * where there is none. A client that registers later stands higher, also than
   * those that were deleted: no position is used again.
   */
  position(id: ClientId): Promise<number | undefined>;

  /** The 160 bytes that the client with this id registered, or undefined. */
  publicKey(id: ClientId): Promise<Uint8Array | undefined>;

  /**
   * Deletes a client with all that waits for it, and raises
   * {@linkcode usersVersion}. Cut off in the middle, the client is still there.
   *
   * @returns the number of messages deleted; undefined where there is no such client
   * @throws {StoreError} where it can't be deleted
   */
  deleteUser(id: ClientId): Promise<number | undefined>;

  /**
   * Notes when a client was last seen. It is written along with something else,
   * or soon by itself; of several visits within a minute maybe only the last.
   * The id may change after the call.
   *
   * @param position where it stands among all
   */
  seen(id: ClientId, position: number, now: Date): void;

  /**
   * The next clients behind a position, in the order in which they registered.
   *
   * @param position 0 for the first
   */
  clients(position: number, most: number): Promise<ListedClient[]>;

  /**
   * Keeps a message. Once this resolves to an id, the message outlives a crash.
   * Ids rise within an inbox, in the order of the calls, and are never used
   * again there. The content must not change until then.
   *
   * @returns its id, or why it is refused
   * @throws {Error} where it can't be kept; it isn't then
   */
  send(message: NewMessage, quota: Quota): Promise<SendResult>;

  /**
   * The oldest messages that wait for a client, as many as the budget allows
   * and at least one where one waits. They go on waiting.
   *
   * @param memory is asked for room for them before they are read. Default: not asked
   */
  waiting(
    recipient: ClientId,
    budget: Budget,
    memory?: ResponseMemory,
  ): Promise<StoredMessage[]>;

  /**
   * What follows the beginning of a large content, piece by piece.
   *
   * @throws {MessageGoneError} where it was deleted meanwhile
   */
  rest(recipient: ClientId, message: StoredMessage): AsyncIterable<Uint8Array>;

  /**
   * Deletes messages that their recipient has taken.
   *
   * @throws {StoreError} where that failed and they will be handed out again. A
   * store of one relay alone tries again later instead, and doesn't hand them out
   * meanwhile
   */
  delete(recipient: ClientId, taken: HandedOut): Promise<void>;

  /**
   * Deletes messages that have waited for longer, so many at most, the oldest
   * first. A clock that is set meanwhile makes none of them older.
   * Their ids don't come back.
   *
   * @param age milliseconds
   * @returns how many; 0 once there are no more
   * @throws {Error} where they can't be deleted; none is then
   */
  purge(age: number, most: number): Promise<number>;

  /** What its commits have been like since its start. */
  readonly commits: CommitFigures;

  /**
   * About how many messages wait, in all inboxes. It may be counted at the first
   * call, which may take seconds where there are millions.
   *
   * @throws {StoreError} where it can't be counted
   */
  countWaiting(): Promise<number>;

  /**
   * Resolves once the store has shown that it can write.
   *
   * @throws {StoreError} where it can't
   */
  ping(): Promise<void>;

  /** Writes what is left to write and lets go of everything. */
  close(): Promise<void>;
}

/** A store that can't be used; the message says why and what to do. */
export class StoreError extends Error {
  override name = "StoreError";
}

/**
 * A write with an unknown outcome: the connection to the database broke before
 * it reported one. Neither success nor failure may be told to the client; the
 * store itself goes on.
 */
export class OutcomeUnknownError extends StoreError {
  override name = "OutcomeUnknownError";
}

/** A message that was removed while it was read: its recipient took it elsewhere. */
export class MessageGoneError extends StoreError {
  override name = "MessageGoneError";
}

/**
 * A store that can't go on: its relay has to end. What was asked of it last may
 * be kept or not, so neither may be told to the client.
 */
export class StoreBrokenError extends StoreError {
  override name = "StoreBrokenError";
}

/** A store whose content is broken: to go on with it would make it worse. */
export class StoreDamagedError extends StoreBrokenError {
  override name = "StoreDamagedError";
}
