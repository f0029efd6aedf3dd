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
} from "../../shared/protocol.ts";

/** A client that registers. */
export interface NewClient {
  /** A new id that nobody has. */
  id: ClientId;
  /** The name, unique and case-sensitive. */
  name: string;
  /** 160 bytes. */
  publicKey: Uint8Array;
}

/** A client in the list of all. */
export interface KnownClient {
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

/** A message that waits. */
export interface StoredMessage {
  /** Its id in the recipient's inbox. */
  id: MessageId;
  /** Who sent it. */
  sender: ClientId;
  /** What it is. */
  type: number;
  /** As it came. */
  content: Uint8Array;
}

/** How much {@linkcode Store.waiting} may hand out at once. */
export interface Budget {
  /** Bytes of all messages together. */
  bytes: number;
  /** Bytes that each message costs beside its content. */
  perMessage: number;
}

/** Users and their waiting messages. Every promise settles in due time. */
export interface Store {
  /**
   * Keeps a new client.
   *
   * @returns false where the name is taken
   * @throws {Error} where it can't be kept; nothing is then
   */
  register(client: NewClient, now: Date): Promise<boolean>;

  /** Whether a client has this id. */
  isRegistered(id: ClientId): Promise<boolean>;

  /**
   * Notes when a client was last seen. It is written along with whatever is
   * written next, a quarter of a second later at most.
   */
  seen(id: ClientId, now: Date): void;

  /** All clients but one, in the order in which they registered. */
  clientsBut(id: ClientId): Promise<KnownClient[]>;

  /** A client's public key, or undefined where nobody has this id. */
  publicKey(id: ClientId): Promise<Uint8Array | undefined>;

  /**
   * Keeps a message. Once this resolves to an id the message outlives a crash.
   * Ids rise within an inbox and are never used again there.
   *
   * @returns undefined where nobody has the recipient's id, or the recipient's
   * inbox has used up its ids
   * @throws {Error} where it can't be kept; it isn't then
   */
  send(message: NewMessage): Promise<MessageId | undefined>;

  /**
   * The oldest messages that wait for a client, as many as the budget allows
   * and at least one where one waits. They go on waiting.
   */
  waiting(recipient: ClientId, budget: Budget): Promise<StoredMessage[]>;

  /** Deletes messages that their recipient has taken. */
  remove(recipient: ClientId, ids: readonly MessageId[]): Promise<void>;

  /** Writes what is left to write and lets go of everything. */
  close(): Promise<void>;
}

/** A store that can't be used; the message says why and what to do. */
export class StoreError extends Error {
  override name = "StoreError";
}
