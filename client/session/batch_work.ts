/**
 * Works one received answer through: opens its messages and brings them into
 * the store, each once (MSG-4 to MSG-8 and DLV-5 of docs/protocol.md).
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { FormatError } from "../../shared/wire/format_error.ts";
import { BLOCK_SIZE } from "../../shared/crypto/legacy_aes.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import type { Batch, BatchMessage } from "./batch.ts";
import type { LegacyChannel } from "./channel.ts";
import type { Progress } from "../link/connection.ts";
import { FolderError, UserError } from "../errors.ts";
import type { Identity } from "../keys/identity.ts";
import type { Message } from "./message.ts";
import { isCertain, type Opened, openMessage, UNREADABLE } from "./opening.ts";
import { labelOf } from "../store/contact_book.ts";
import type { Received } from "../store/incoming.ts";
import type { ClientStore } from "../store/store.ts";

/** Messages that are kept with one commit, and bytes of their texts. */
const [MESSAGES_PER_COMMIT, BYTES_PER_COMMIT] = [256, 4 * 1024 * 1024];

/** How a retrieval goes on and what it meets. */
export interface RetrieveEvents {
  /** Gets what went wrong without ending it. */
  problem: (error: UserError) => void;
  /** Gets a sentence for the user about what is done beside. */
  notice?: ((text: string) => void) | undefined;
  /** Is told how much of an answer has come in. */
  progress?: Progress | undefined;
  /**
   * Gets messages that can't be kept for now, so that they are seen at least;
   * resolves to false where one couldn't be shown.
   */
  unkept?: ((message: Message) => unknown) | undefined;
  /** Is waited for when an answer is in the store, before the next one is asked for. */
  kept?: (() => unknown) | undefined;
}

/** What a {@linkcode BatchWork} works with. */
export interface WorkParts {
  store: ClientStore;
  me: Identity;
  events: RetrieveEvents;
  /** Messages that were shown though they couldn't be kept, in hex. */
  shownUnkept: Set<string>;
  /** Whether the batch may have been worked through before, as far as that went. */
  isOld: boolean;
  /** Whether the batch was put aside and may hold what was opened. */
  isWhole?: boolean;
  /** Only messages of these are tried; of all where it is undefined. */
  senders?: ReadonlySet<number> | undefined;
  /** The senders of new messages that couldn't be opened for certain, by what tells these from repeats. */
  unread: Map<string, number>;
  /** What of old batches was opened in this retrieval, as often as it had come. */
  opened: Set<string>;
}

/** An opened message on its way into the store. */
type Pending = Received & Pick<Opened, "key"> & {
  /** Whether a key may come that opens it. */
  lacksKey: boolean;
};

/** One batch of received messages while it is worked through. */
export class BatchWork {
  /** How many messages were new. */
  fresh = 0;
  /** Whether something couldn't be saved, so that the batch has to stay. */
  unsaved = false;
  /** Whether the store took nothing. */
  stuck = false;
  /** Messages that were looked at. */
  count = 0;
  /** Where those stand that couldn't be decrypted in the end, or not for certain. */
  readonly unread = new Set<number>();
  /** Why the rest of the batch couldn't be read. */
  damage: FormatError | undefined;
  /** Who sent a new key. */
  readonly newKeys = new Set<number>();
  /** Who sent a key that was new to a client which may have been killed before it tried it on what is kept. */
  readonly oldKeys = new Set<number>();
  /** Who sent a new text or file that no key opens. */
  readonly lackingKeys = new Set<number>();
  /** Who sent a new request for a key, and which were the latest keys then. */
  readonly asking = new Map<number, number[]>();
  /** What tells the batch's messages from others, in hex digits. */
  readonly seen = new Set<string>();
  readonly #parts: WorkParts;
  readonly #received = Date.now();
  /** Opened, and not in the store yet, by what tells them from repeats. */
  readonly #pending = new Map<string, Pending>();
  #pendingBytes = 0;
  /** The channels to the senders, with the keys that came in this batch. */
  readonly #channels = new Map<number, LegacyChannel>();
  /** Where in the batch the last key of each sender stood. */
  readonly #keyAt = new Map<number, number>();
  /** Where those stand that weren't opened for certain, and whether not at all. */
  readonly #later = new Map<number, boolean>();

  /** Does nothing yet. */
  constructor(parts: WorkParts) {
    this.#parts = parts;
  }

  /** The rows of those whose messages were in the batch. */
  get senders(): number[] {
    return [...this.#channels.keys()];
  }

  /** Brings all that can be opened into the store. */
  async run(batch: Batch): Promise<void> {
    await this.#pass(batch, false);
    // A key may have come behind the messages that it opens; a wrong one opens
    // a text now and then, as something that isn't UTF-8.
    if (this.#later.size > 0) await this.#pass(batch, true);
    await this.#keep();
  }

  async #pass(batch: Batch, isLast: boolean): Promise<void> {
    try {
      await this.#readThrough(batch, isLast);
    } catch (error) {
      if (error instanceof FormatError) this.damage = error;
      else if (error instanceof UserError) this.#leave(error);
      else throw error;
    }
  }

  /** What can't be read or saved now may be another time. */
  #leave(error: UserError): void {
    this.#parts.events.problem(error);
    this.unsaved = true;
  }

  async #readThrough(batch: Batch, isLast: boolean): Promise<void> {
    let at = -1;
    for await (const message of batch.messages()) {
      at++;
      if (!isLast) this.count++;
      else if (!this.#later.has(at)) continue;
      try {
        await this.#receive(message, at, isLast);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        this.#leave(error);
      }
      const isFull = this.#pending.size >= MESSAGES_PER_COMMIT ||
        this.#pendingBytes >= BYTES_PER_COMMIT;
      if (isFull) await this.#keep();
    }
  }

  /** Opens a message, unless that was done before. */
  async #receive(
    message: BatchMessage,
    at: number,
    isLast: boolean,
  ): Promise<void> {
    const { store, me, isOld, senders, shownUnkept } = this.#parts;
    const { contact } = store.contacts.withId(message.sender);
    // Before its content is read, of which there may be much.
    if (senders?.has(contact) === false) {
      this.unread.add(at);
      return;
    }
    const seen = await identify(message, me);
    const key = encodeHex(seen);
    this.seen.add(key);
    const before = this.#seenBefore(seen);
    if (before === "opened" || this.#pending.has(key)) {
      if (isOld && message.type === MessageType.Key) this.oldKeys.add(contact);
      return;
    }
    const opened = this.#isHopeless(contact, at)
      ? UNREADABLE
      : await this.#open(message, contact, isLast);
    if (opened.kind === "key") this.#keyAt.set(contact, at);
    if (!isCertain(opened)) {
      if (before !== undefined && !isOld) return;
      if (!isLast) {
        this.#later.set(at, opened.kind === "unreadable");
        return;
      }
      this.unread.add(at);
    }
    this.#pending.set(key, {
      ...opened,
      contact,
      seen,
      relayMessageId: message.messageId,
      received: this.#received,
      shown: shownUnkept.has(key) ? Date.now() : undefined,
      decrypted: opened.kind === "unreadable" ? undefined : Date.now(),
      lacksKey: opened.kind === "unreadable" && mayBeSealed(message),
    });
    this.#pendingBytes += opened.text?.length ?? 0;
  }

  /** Earlier clients put answers aside whole: what isn't known of these any more was opened. */
  #seenBefore(seen: Uint8Array): "opened" | "unreadable" | undefined {
    const { store, isOld, isWhole, opened } = this.#parts;
    const isKnown = isWhole || (isOld && opened.has(encodeHex(seen)));
    return store.incoming.seen(seen, { isKept: isOld }) ??
      (isKnown ? "opened" : undefined);
  }

  /** Whether it was tried before with all keys that there are. */
  #isHopeless(contact: number, at: number): boolean {
    return this.#later.get(at) === true &&
      (this.#keyAt.get(contact) ?? -1) < at;
  }

  async #open(
    message: BatchMessage,
    contact: number,
    isLast: boolean,
  ): Promise<Opened> {
    const { store, me } = this.#parts;
    const channel = this.#channels.get(contact) ??
      await store.keys.channel(store.contacts.at(contact), me.clientId);
    this.#channels.set(contact, channel);
    return await openMessage(message, channel, me.privateKey, isLast);
  }

  /** Brings what was opened into the store with one commit, and with the keys. */
  async #keep(): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#pendingBytes = 0;
    let redundant: string[] = [];
    try {
      redundant = this.#store(pending);
    } catch (error) {
      if (!(error instanceof FolderError)) throw error;
      this.#leave(error);
      this.stuck = true;
      for (const message of pending) await this.#showUnkept(message);
    }
    for (const path of redundant) await Deno.remove(path).catch(() => {});
  }

  /** @returns the files that another client has saved as well */
  #store(pending: readonly Pending[]): string[] {
    const { store, me, isOld, shownUnkept, unread, opened } = this.#parts;
    const { database, incoming, keys } = store;
    const added: Pending[] = [];
    let fresh = 0;
    const redundant: string[] = [];
    database.write(() => {
      for (const message of pending) {
        const { contact, key, path } = message;
        const count = incoming.add(message, { isKept: isOld });
        if (count === 0) {
          if (path !== undefined) redundant.push(path);
          continue;
        }
        fresh += count;
        added.push(message);
        if (message.kind === "keyRequest") {
          const latest = keys.lately(store.contacts.at(contact), me.clientId);
          this.asking.set(contact, latest);
        }
        if (key === undefined) continue;
        keys.sendUnder(contact, keys.add(contact, key, me.clientId));
        this.newKeys.add(contact);
      }
    });
    this.fresh += fresh;
    for (const { seen } of pending) shownUnkept.delete(encodeHex(seen));
    for (const message of added) {
      const seen = encodeHex(message.seen);
      if (isCertain(message)) {
        unread.delete(seen);
        if (isOld) opened.add(seen);
      } else unread.set(seen, message.contact);
      if (message.lacksKey) this.lackingKeys.add(message.contact);
    }
    return redundant;
  }

  async #showUnkept(message: Pending): Promise<void> {
    const { store, events, shownUnkept } = this.#parts;
    const seen = encodeHex(message.seen);
    if (shownUnkept.has(seen) || events.unkept === undefined) return;
    const contact = store.contacts.at(message.contact);
    const shown = await events.unkept({
      id: 0,
      contact: labelOf(contact),
      contactId: contact.clientId,
      outgoing: false,
      kind: message.kind,
      text: message.text,
      path: message.path,
      size: message.size,
      time: message.received,
      delivery: "received",
      shown: true,
      doubtful: message.doubtful,
      accepted: contact.succeeds === null,
    });
    if (shown !== false) shownUnkept.add(seen);
  }
}

/** Whether a message is one that symmetric keys open, as far as its size tells (AES-1). */
function mayBeSealed({ type, content: { size } }: BatchMessage): boolean {
  const isSealed = type === MessageType.Text || type === MessageType.File;
  return isSealed && size > 0 && size % BLOCK_SIZE === 0;
}

/**
 * What tells a message from its repeats: its sender, its id, its type and its
 * content, since servers start their ids anew; and whose inbox it was in, since
 * the user may have registered anew. Equal texts under one key are equal here,
 * so it holds only while the relay may hand the message out again.
 */
async function identify(
  message: BatchMessage,
  me: Identity,
): Promise<Uint8Array> {
  const facts = [
    encodeHex(me.clientId),
    encodeHex(message.sender),
    message.messageId,
    message.type,
    encodeHex(await message.content.digest()),
  ].join(" ");
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(facts)),
  );
}
