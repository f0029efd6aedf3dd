/**
 * The interface of stores to the relay: users and their waiting messages.
 *
 * @module
 */

import {
  type ClientId,
  MAX_MESSAGE_ID,
  type MessageId,
  type MessageType,
} from "../../shared/wire/protocol.ts";
import type { CommitFigures } from "./commit_figures.ts";
import type { IdRun } from "./id_runs.ts";
import type { SecureStore } from "./secure_store.ts";

/** A client that registers. */
export interface NewClient {
  /** A new, unused id. */
  id: ClientId;
  /** The name, unique and case-sensitive. */
  name: string;
  /** 160 bytes. */
  publicKey: Uint8Array;
}

/** A client in the client list. */
export interface ListedClient {
  /** Position in the client list. */
  position: number;
  /** Whether no later registration can get a lower position. */
  settled: boolean;
  /** The id. */
  id: ClientId;
  /** The name. */
  name: string;
}

/** A registered client as a request's handler knows it. */
export interface Requester {
  /**
   * Position in the client list, above 0. Positions rise with registrations and
   * are never reused, even after a deletion.
   */
  position: number;
  /** Whether it is an account of the secure protocol. */
  isSecured: boolean;
}

/** A message to store. */
export interface NewMessage {
  /** Id of the recipient. */
  recipient: ClientId;
  /** Id of the sender. */
  sender: ClientId;
  /** Type of the message. */
  type: MessageType;
  /** The encrypted content. */
  content: Uint8Array;
}

/** Limits of an inbox; 0 for none. */
export interface Quota {
  /** Maximum number of messages. */
  messages: number;
  /** Maximum size in bytes of all contents. */
  bytes: number;
}

/** A waiting message. */
export interface StoredMessage {
  /** Id in the recipient's inbox. */
  id: MessageId;
  /** Id of the sender. */
  sender: ClientId;
  /** Type of the message. */
  type: number;
  /** Size in bytes of the whole content. */
  size: number;
  /** The content, or the start of a large one; {@linkcode Store.rest} reads the rest. */
  content: Uint8Array;
}

/**
 * Messages of one inbox that were delivered but are unacknowledged, in a form
 * that takes little memory.
 */
export interface HandedOut {
  /** Their ids. */
  runs: readonly IdRun[];
  /** Size in bytes of their contents. */
  bytes: number;
}

/** Limit of the messages that {@linkcode Store.waiting} returns at once. */
export interface Budget {
  /** Maximum size in bytes of all messages. */
  bytes: number;
  /** Overhead in bytes of each message beside its content. */
  perMessage: number;
}

/** Memory reserved for a response. */
export interface ResponseMemory {
  /** Replaces the reservation by one of `bytes`; false if there is no room at once. */
  tryReserve(bytes: number): boolean;
  /**
   * Replaces the reservation by one of `bytes`, once there is room.
   *
   * @throws {Error} if the connection ends first
   */
  reserve(bytes: number): Promise<void>;
}

/** Reasons to refuse a message: unknown recipient, no ids left in the inbox, or quota exceeded. */
export const sendRefusals = [
  "unknown_target",
  "ids_used_up",
  "inbox_full",
] as const;

/** Reason to refuse a message. */
export type SendRefusal = typeof sendRefusals[number];

/**
 * Whether a message of `size` bytes fits into an inbox.
 *
 * @param inbox its last id, and what waits in it
 * @returns undefined if it does
 */
export function refusalOf(
  inbox: { lastId: number; messages: number; bytes: number },
  size: number,
  quota: Quota,
): SendRefusal | undefined {
  if (inbox.lastId >= MAX_MESSAGE_ID) return "ids_used_up";
  return isFull(inbox, size, quota) ? "inbox_full" : undefined;
}

/** Whether an inbox or a mailbox has no room for a message of `size` bytes. */
export function isFull(
  waiting: { messages: number; bytes: number },
  size: number,
  quota: Quota,
): boolean {
  return quota.messages > 0 && waiting.messages >= quota.messages ||
    quota.bytes > 0 && waiting.bytes + size > quota.bytes;
}

/** Result of a send: the id in the recipient's inbox, or the reason of a refusal. */
export type SendResult = { id: MessageId } | { refused: SendRefusal };

/** Users and their waiting messages. Every promise settles within bounded time. */
export interface Store {
  /**
   * Changes whenever users may have been deleted, here or by another process.
   * A cache of users is discarded when it does.
   */
  readonly usersVersion: number;

  /**
   * Stores a new client.
   *
   * @returns false if the name is taken
   * @throws {Error} if it can't be stored; then it isn't
   */
  register(client: NewClient, now: Date): Promise<boolean>;

  /** The id of the client registered with this name and key, or undefined. */
  registeredId(
    client: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined>;

  /**
   * The requester with this id, or undefined. An account of the secure protocol
   * is one too: a client that asks in its name by the legacy protocol learns only
   * what is public.
   */
  requester(id: ClientId): Promise<Requester | undefined>;

  /** The public key of the client with this id, 160 bytes, or undefined. */
  publicKey(id: ClientId): Promise<Uint8Array | undefined>;

  /**
   * Deletes a client and its waiting messages, and raises
   * {@linkcode usersVersion}. If interrupted, the client remains.
   *
   * @returns the number of messages deleted; undefined if there is no such client
   * @throws {StoreError} if it can't be deleted
   */
  deleteUser(id: ClientId): Promise<number | undefined>;

  /**
   * Records when a client was last seen. It is written with the next commit, or
   * soon on its own; of several visits within a minute only the last may be
   * written. The caller may reuse the id's bytes after the call.
   *
   * @param position the client's position in the client list
   */
  seen(id: ClientId, position: number, now: Date): void;

  /**
   * The next clients after a position, in the order of their registration.
   *
   * @param position 0 to start at the first client
   * @param most maximum number of clients
   */
  clients(position: number, most: number): Promise<ListedClient[]>;

  /**
   * Stores a message. Once this resolves to an id, the message is durable. Ids
   * rise within an inbox in the order of the calls, and are never reused there.
   * The content must not change before it resolves. A message to an account of
   * the secure protocol goes into its devices' mailboxes (MailFlag.Legacy).
   *
   * @returns the message's id, or the reason of a refusal
   * @throws {Error} if it can't be stored; then it isn't
   */
  send(message: NewMessage, quota: Quota): Promise<SendResult>;

  /**
   * The oldest messages that wait for a client, as many as the budget allows and
   * at least one. They stay in the inbox.
   *
   * @param memory reserves room for them before they are read. Default: none
   */
  waiting(
    recipient: ClientId,
    budget: Budget,
    memory?: ResponseMemory,
  ): Promise<StoredMessage[]>;

  /**
   * The rest of a large content, piece by piece.
   *
   * @throws {MessageGoneError} if the message was deleted meanwhile
   */
  rest(recipient: ClientId, message: StoredMessage): AsyncIterable<Uint8Array>;

  /**
   * Deletes messages that their recipient has acknowledged.
   *
   * @throws {StoreError} if they can't be deleted and will be delivered again. A
   * store of a single relay retries later instead, and doesn't deliver them
   * meanwhile
   */
  delete(recipient: ClientId, taken: HandedOut): Promise<void>;

  /**
   * Deletes the oldest messages above an age. Setting the clock makes no message
   * older. Their ids are not reused.
   *
   * @param age minimum age in milliseconds
   * @param most maximum number of messages
   * @returns the number of messages deleted; 0 once there are no more
   * @throws {Error} if they can't be deleted; then none is
   */
  purge(age: number, most: number): Promise<number>;

  /** Figures of its commits since its start. */
  readonly commits: CommitFigures;

  /** The accounts of the secure protocol, in the same database and the same commits. */
  readonly secure: SecureStore;

  /**
   * Approximate number of waiting messages in all inboxes. The first call may
   * count them, which takes seconds for millions.
   *
   * @throws {StoreError} if they can't be counted
   */
  countWaiting(): Promise<number>;

  /**
   * Resolves once the store could begin a write. It writes nothing, so that a full
   * disk doesn't matter.
   *
   * @throws {StoreError} if it can't
   */
  ping(): Promise<void>;

  /** Flushes pending writes and closes the store. */
  close(): Promise<void>;
}

/** A store can't be used; the message says why and what to do. */
export class StoreError extends Error {
  override name = "StoreError";
}

/**
 * A write has an unknown outcome: the connection to the database broke before
 * the result arrived. The client must get neither success nor failure; the store
 * stays usable.
 */
export class OutcomeUnknownError extends StoreError {
  override name = "OutcomeUnknownError";
}

/**
 * The rest of a large content, of which each part is read when it is due.
 *
 * @throws {MessageGoneError} if a part is missing
 */
export async function* restOf(
  { size, content }: Pick<StoredMessage, "size" | "content">,
  read: (
    part: number,
  ) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): AsyncGenerator<Uint8Array> {
  let left = size - content.length;
  for (let part = 1; left > 0; part++) {
    const piece = await read(part);
    if (piece === undefined) {
      throw new MessageGoneError("A message was deleted while it was read");
    }
    left -= piece.length;
    yield piece;
  }
}

/** A message was deleted while it was read: its recipient pulled it elsewhere. */
export class MessageGoneError extends StoreError {
  override name = "MessageGoneError";
}

/**
 * A store can't continue, and its relay has to end. The outcome of pending writes
 * is unknown, so clients must get neither success nor failure.
 */
export class StoreBrokenError extends StoreError {
  override name = "StoreBrokenError";
}

/** A store's content is damaged; to continue could damage more. */
export class StoreDamagedError extends StoreBrokenError {
  override name = "StoreDamagedError";
}
