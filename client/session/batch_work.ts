/**
 * Processes one received response: opens its messages and brings them into the
 * store, each once (MSG-4 to MSG-8 and DLV-5 of docs/protocol.md).
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { removeIfThere } from "../../shared/folder/durable_files.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { BLOCK_SIZE } from "../../shared/crypto/legacy_aes.ts";
import { MessageType } from "../../shared/wire/protocol.ts";
import type { Batch, BatchMessage } from "./batch.ts";
import { FolderError, UserError } from "../errors.ts";
import type { Identity } from "../keys/identity.ts";
import type { MessageNumber } from "../store/message.ts";
import type { ReceiveEvent } from "./receive_event.ts";
import {
  ContactKeys,
  isCertain,
  type Opened,
  openMessage,
  UNREADABLE,
} from "./opening.ts";
import type { ContactRow } from "../store/contact_table.ts";
import type { Received } from "../store/incoming.ts";
import type { KeyRow } from "../store/key_ring.ts";
import type { ClientStore } from "../store/store.ts";

/** Limits of one commit: messages, and bytes of their texts. */
const [MESSAGES_PER_COMMIT, BYTES_PER_COMMIT] = [256, 4 * 1024 * 1024];

/** The parameters of a {@linkcode BatchWork}. */
export interface WorkParts {
  store: ClientStore;
  me: Identity;
  /** The folder for received files; undefined for the temporary folder. */
  files: string | undefined;
  /** Messages that were shown without being stored, by identifying bytes in hex. */
  shownUnkept: Set<string>;
  /** Whether the batch may have been processed before, at least in part. */
  isOld: boolean;
  /** Whether the batch was set aside completely, with opened messages. */
  isWhole?: boolean;
  /** The senders whose messages are tried; undefined for all. */
  senders?: ReadonlySet<ContactRow> | undefined;
  /** The senders of new messages that weren't certainly opened, by identifying bytes. */
  unread: Map<string, ContactRow>;
  /** The messages of old batches that this run of receiving has opened. */
  opened: Set<string>;
}

/** An opened message that isn't stored yet. */
type Pending = Received & Pick<Opened, "key"> & {
  /** Whether a later key may open it. */
  lacksKey: boolean;
  /** Whether its sender is blocked: of such a message only a key is kept. */
  isBlocked: boolean;
};

/** Processes one batch of received messages. */
export class BatchWork {
  /** Number of new messages. */
  fresh = 0;
  /** Number of new messages of blocked senders, which aren't stored. */
  dropped = 0;
  /** Whether a message couldn't be saved, so that the batch must be kept. */
  unsaved = false;
  /** Whether the store can't be written. */
  stuck = false;
  /** Number of messages in the batch. */
  count = 0;
  /** Positions of the messages that weren't certainly opened. */
  readonly unread = new Set<number>();
  /** Why the rest of the batch can't be read. */
  damage: FormatError | undefined;
  /** Senders of a new key. */
  readonly newKeys = new Set<ContactRow>();
  /** Senders of a known key that may not have been tried on the unread messages, after a kill. */
  readonly oldKeys = new Set<ContactRow>();
  /** Senders of a new text or file that no key opens. */
  readonly lackingKeys = new Set<ContactRow>();
  /** Senders of a new key request, with the recent keys when it arrived. */
  readonly asking = new Map<ContactRow, KeyRow[]>();
  /** The identifying bytes of the batch's messages, in hex digits. */
  readonly seen = new Set<string>();
  readonly #parts: WorkParts;
  readonly #received = Date.now();
  /** Opened messages that aren't stored yet, by identifying bytes. */
  readonly #pending = new Map<string, Pending>();
  #pendingBytes = 0;
  /** The keys of the senders, with those that this batch brought. */
  readonly #keys = new Map<ContactRow, ContactKeys>();
  /** Position of each sender's last key. */
  readonly #keyAt = new Map<ContactRow, number>();
  /** Positions of the messages that weren't certainly opened; true for unreadable ones. */
  readonly #later = new Map<number, boolean>();

  constructor(parts: WorkParts) {
    this.#parts = parts;
  }

  /** The rows of the senders of the batch's messages. */
  get senders(): ContactRow[] {
    return [...this.#keys.keys()];
  }

  /** Brings all messages that can be opened into the store. */
  async *run(batch: Batch): AsyncGenerator<ReceiveEvent, void, void> {
    yield* this.#pass(batch, false);
    // A key may follow the messages that it opens. A wrong key occasionally
    // opens a text as bytes that aren't UTF-8.
    if (this.#later.size > 0) yield* this.#pass(batch, true);
    yield* this.#keep();
  }

  async *#pass(
    batch: Batch,
    isLast: boolean,
  ): AsyncGenerator<ReceiveEvent, void, void> {
    try {
      yield* this.#readThrough(batch, isLast);
    } catch (error) {
      if (error instanceof FormatError) this.damage = error;
      else if (error instanceof UserError) yield this.#leave(error);
      else throw error;
    }
  }

  /** Keeps the batch for a later attempt. */
  #leave(error: UserError): ReceiveEvent {
    this.unsaved = true;
    return { kind: "problem", error };
  }

  async *#readThrough(
    batch: Batch,
    isLast: boolean,
  ): AsyncGenerator<ReceiveEvent, void, void> {
    let at = -1;
    for await (const message of batch.messages()) {
      at++;
      if (!isLast) this.count++;
      else if (!this.#later.has(at)) continue;
      try {
        await this.#receive(message, at, isLast);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        yield this.#leave(error);
      }
      const isFull = this.#pending.size >= MESSAGES_PER_COMMIT ||
        this.#pendingBytes >= BYTES_PER_COMMIT;
      if (isFull) yield* this.#keep();
    }
  }

  /** Opens a message, unless it was opened before. */
  async #receive(
    message: BatchMessage,
    at: number,
    isLast: boolean,
  ): Promise<void> {
    const { store, me, isOld, senders, shownUnkept } = this.#parts;
    const sender = store.contacts.withId(message.sender);
    const contact = sender.row;
    // Checked before reading the content, which may be large.
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
    // What arrived before the sender was blocked was set aside, and is opened. A
    // client that claims a blocked name may be someone else.
    const isBlocked = sender.blocked === 1 && sender.succeeds === undefined &&
      senders === undefined;
    const isUseless = isBlocked && message.type !== MessageType.Key;
    const opened = isUseless || this.#isHopeless(contact, at)
      ? UNREADABLE
      : await this.#open(message, contact, isLast);
    if (opened.kind === "key") this.#keyAt.set(contact, at);
    if (!isCertain(opened) && !isBlocked) {
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
      isBlocked,
    });
    this.#pendingBytes += opened.text?.length ?? 0;
  }

  /** An unknown message of a batch that was set aside completely was opened by an earlier version. */
  #seenBefore(seen: Uint8Array): "opened" | "unreadable" | undefined {
    const { store, isOld, isWhole, opened } = this.#parts;
    const isKnown = isWhole || (isOld && opened.has(encodeHex(seen)));
    return store.incoming.seen(seen, { isKept: isOld }) ??
      (isKnown ? "opened" : undefined);
  }

  /** Whether all known keys were tried on the message before. */
  #isHopeless(contact: ContactRow, at: number): boolean {
    return this.#later.get(at) === true &&
      (this.#keyAt.get(contact) ?? -1) < at;
  }

  async #open(
    message: BatchMessage,
    contact: ContactRow,
    isLast: boolean,
  ): Promise<Opened> {
    const { store, me, files } = this.#parts;
    const keys = this.#keys.get(contact) ??
      new ContactKeys(
        await store.keys.opening(contact),
        await store.keys.sealing(store.contacts.at(contact), me.clientId),
      );
    this.#keys.set(contact, keys);
    return await openMessage(message, keys, me.privateKey, isLast, files);
  }

  /** Stores the opened messages and their keys in one transaction. */
  async *#keep(): AsyncGenerator<ReceiveEvent, void, void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#pendingBytes = 0;
    let redundant: string[] = [];
    try {
      redundant = this.#store(pending);
    } catch (error) {
      if (!(error instanceof FolderError)) throw error;
      yield this.#leave(error);
      this.stuck = true;
      for (const message of pending) yield* this.#unkept(message);
    }
    for (const path of redundant) await removeIfThere(path).catch(() => {});
  }

  /** @returns the paths of files that another client has also saved */
  #store(pending: readonly Pending[]): string[] {
    const { store, me, isOld, shownUnkept, unread, opened } = this.#parts;
    const { database, incoming, keys } = store;
    const added: Pending[] = [];
    let [fresh, dropped] = [0, 0];
    const redundant: string[] = [];
    database.write(() => {
      for (const message of pending) {
        const { contact, isBlocked, key, path, seen } = message;
        if (isBlocked) {
          incoming.forget(seen);
          dropped++;
        } else {
          const count = incoming.add(message, { isKept: isOld });
          if (count === 0) {
            if (path !== undefined) redundant.push(path);
            continue;
          }
          fresh += count;
          added.push(message);
        }
        if (message.kind === "keyRequest") {
          const latest = keys.recent(store.contacts.at(contact), me.clientId);
          this.asking.set(contact, latest);
        }
        if (key === undefined) continue;
        keys.use(contact, keys.add(contact, key, me.clientId));
        this.newKeys.add(contact);
      }
    });
    this.fresh += fresh;
    this.dropped += dropped;
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

  /** Yields a message that can't be stored, so that the user sees it at least once. */
  *#unkept(message: Pending): Generator<ReceiveEvent, void, void> {
    const { store, shownUnkept } = this.#parts;
    const seen = encodeHex(message.seen);
    if (message.isBlocked || shownUnkept.has(seen)) return;
    const contact = store.contacts.at(message.contact);
    const shown = {
      id: 0 as MessageNumber,
      contact: contact.label,
      contactId: contact.clientId,
      outgoing: false,
      kind: message.kind,
      text: message.text,
      path: message.path,
      size: message.size,
      time: message.received,
      delivery: "received" as const,
      shown: true,
      doubtful: message.doubtful,
      accepted: contact.succeeds === undefined,
    };
    const markShown = () => void shownUnkept.add(seen);
    yield { kind: "message", message: shown, markShown };
  }
}

/** Whether symmetric keys may open a message, by its type and size (AES-1). */
function mayBeSealed({ type, content: { size } }: BatchMessage): boolean {
  const isSealed = type === MessageType.Text || type === MessageType.File;
  return isSealed && size > 0 && size % BLOCK_SIZE === 0;
}

/**
 * The bytes that identify repeats of a message. They cover its sender, id, type
 * and content, since servers restart their ids, and the user's id, since the user
 * may have registered again. Equal texts under one key have equal bytes, so they
 * identify a message only while the relay may deliver it again.
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
