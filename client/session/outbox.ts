/**
 * Sends messages. Each is stored first, encrypted with a key of its contact, and
 * counts as sent once the relay has acknowledged it.
 *
 * @module
 */

import { equals } from "@std/bytes";
import {
  encryptKey,
  exportSymmetricKey,
  generateSymmetricKey,
  legacyCiphertextSize,
  legacyEncrypt,
  legacyEncryptPieces,
} from "../../shared/crypto/crypto.ts";
import { type MessageId, MessageType } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { Advice, Command } from "../advice.ts";
import type { Progress } from "../link/connection.ts";
import {
  AlreadySentError,
  describeFailure,
  FolderError,
  ignoreUserError,
  NoConnectionError,
  ServerRefusedError,
  UserError,
} from "../errors.ts";
import type { Contacts, SessionParts, TrustOptions } from "./contacts.ts";
import type { Message, MessageNumber } from "../store/message.ts";
import { openOutgoingFile, PipedFiles } from "./outgoing_file.ts";
import { notice, type ReceiveEvent } from "./receive_event.ts";
import type { OutgoingMessage } from "../link/upload.ts";
import type { Contact } from "../store/contact_table.ts";
import type { KeyRow } from "../store/key_ring.ts";
import type { NewMessage } from "../store/outgoing.ts";

/** Milliseconds to wait while another client exchanges keys. */
const KEY_PATIENCE = 90_000;

/** How to send a message. */
export interface DeliverOptions extends TrustOptions {
  /** Called with the number of bytes sent. */
  progress?: Progress | undefined;
  /** Called with a sentence for the user about an additional step. */
  notice?: ((text: string) => void) | undefined;
  /**
   * Whether the message waits where no relay can be reached, and goes out later by
   * itself. Default: false
   */
  mayWait?: boolean | undefined;
}

/** Stores and sends the user's messages. */
export class Outbox {
  readonly #session: SessionParts & { contacts: Contacts };

  constructor(session: SessionParts & { contacts: Contacts }) {
    this.#session = session;
  }

  /** Stores a text and sends it. */
  async sendText(
    name: string,
    text: string,
    options?: DeliverOptions,
  ): Promise<Message> {
    return await this.deliver((await this.writeText(name, text)).id, options);
  }

  /** Stores a message with a file and sends it. */
  async sendFile(
    name: string,
    path: string,
    options?: DeliverOptions,
  ): Promise<Message> {
    return await this.deliver((await this.writeFile(name, path)).id, options);
  }

  /** Asks a contact for a symmetric key. */
  async requestKey(name: string): Promise<Message> {
    return await this.deliver((await this.writeKeyRequest(name)).id);
  }

  /** Makes a symmetric key and sends it to a contact. */
  async sendKey(name: string): Promise<Message> {
    return await this.deliver((await this.writeKey(name, true)).id);
  }

  /**
   * Stores a text for a contact; {@linkcode deliver} sends it.
   *
   * @throws {UserError} where the text is empty, or no client has the name
   */
  async writeText(name: string, text: string): Promise<Message> {
    if (text.trim() === "") {
      throw new UserError("The text is empty", "Nothing was sent");
    }
    const { row } = await this.#recipient(name);
    const size = new TextEncoder().encode(text).length;
    return this.#write({ contact: row, kind: "text", text, size });
  }

  /**
   * Stores a message with a file; {@linkcode deliver} sends the file's bytes,
   * without its name and type.
   *
   * @throws {UserError} where the file can't be sent
   */
  async writeFile(name: string, path: string): Promise<Message> {
    const { row } = await this.#recipient(name);
    const { size } = await openOutgoingFile(path);
    const absolute = await Deno.realPath(path);
    return this.#write({ contact: row, kind: "file", path: absolute, size });
  }

  /**
   * Stores standard input as a file to send; {@linkcode deliver} sends it. The
   * file is kept in the folder until it is sent.
   *
   * @throws {UserError} where it can't be saved
   */
  async writePiped(
    name: string,
    stdin: ReadableStream<Uint8Array>,
  ): Promise<Message> {
    const { row } = await this.#recipient(name);
    const kept = await this.#piped().keep(stdin);
    const path = await Deno.realPath(kept);
    const { size } = await openOutgoingFile(path);
    return this.#write({ contact: row, kind: "file", path, size });
  }

  /** @throws {UserError} where no client has the name, or it is blocked */
  async #recipient(name: string): Promise<Contact> {
    const contact = await this.#session.contacts.named(name);
    refuseBlocked(contact);
    return contact;
  }

  #piped(): PipedFiles {
    return new PipedFiles(this.#session.store.database.folder);
  }

  /** Stores a key request to a contact; {@linkcode deliver} sends it. */
  async writeKeyRequest(name: string): Promise<Message> {
    const { row } = await this.#recipient(name);
    return this.#write({ contact: row, kind: "keyRequest", size: 0 });
  }

  /**
   * Stores a message with the symmetric key in use; {@linkcode deliver} sends it,
   * or a new key where none is in use.
   *
   * @param isNew whether to stop using the current key and send a new one
   */
  async writeKey(name: string, isNew: boolean): Promise<Message> {
    const { row } = await this.#recipient(name);
    if (isNew) this.#session.store.keys.use(row, undefined);
    return this.#write({ contact: row, kind: "key", size: 0 });
  }

  /** The messages that go out by themselves once a relay can be reached, in their order. */
  waiting(): MessageNumber[] {
    return this.#session.store.outgoing.waiting();
  }

  /** Lets stored messages that were never sent go out later by themselves. */
  wait(ids: readonly MessageNumber[]): void {
    this.#session.store.outgoing.wait(ids);
  }

  /**
   * Sends the messages that have waited for a relay, in their order. Yields what
   * was sent, and why a message can't be sent: that one waits no longer.
   *
   * @param before only those for the contact of this message, from before it
   * @throws {NoConnectionError} where no relay can be reached; the rest waits on
   */
  async *sendWaiting(
    { onKeyChange }: TrustOptions = {},
    before?: MessageNumber,
  ): AsyncGenerator<ReceiveEvent, void, void> {
    for (const id of this.#session.store.outgoing.waiting(before)) {
      try {
        const { contact } = await this.#deliver(id, {
          onKeyChange,
          mayWait: true,
        });
        yield notice(`Sent message ${id} to ${contact}, which had waited`);
      } catch (error) {
        // Another client in the folder sends what waits, too.
        if (error instanceof AlreadySentError) continue;
        if (!(error instanceof UserError)) throw error;
        if (error instanceof NoConnectionError) throw error;
        yield { kind: "problem", error };
        yield notice(
          `Message ${id}, which had waited, isn't sent: it needs a resend`,
        );
      }
    }
  }

  /**
   * Sends a stored message; may be called again after a failure. Messages that
   * have waited for the same contact are sent first, and where no symmetric key is
   * in use a new one.
   *
   * @param key the row of the key to send in a message of kind `key`; default: the
   * one in use, or a new one
   * @throws {KeyChangedError} where the contact's key must be accepted first
   * @throws {UserError} where the relay didn't acknowledge the message
   */
  async deliver(
    id: MessageNumber,
    options: DeliverOptions = {},
    key?: KeyRow,
  ): Promise<Message> {
    return await this.#deliver(id, options, key, async () => {
      for await (const event of this.sendWaiting(options, id)) {
        if (event.kind === "notice") options.notice?.(event.text);
        if (event.kind === "problem") {
          options.notice?.(describeFailure(event.error));
        }
      }
    });
  }

  /** @param before sends what must go out first, once the message is begun */
  async #deliver(
    id: MessageNumber,
    options: DeliverOptions,
    key?: KeyRow,
    before?: () => Promise<void>,
  ): Promise<Message> {
    const { messages, outgoing } = this.#session.store;
    const isUnsent = outgoing.begin(id);
    let relayMessageId: MessageId | undefined;
    try {
      await before?.();
      relayMessageId = await this.#send(id, options, key);
    } catch (error) {
      const waits = options.mayWait === true && isUnsent &&
        error instanceof NoConnectionError;
      try {
        outgoing.failed(id, reasonOf(error), waits);
      } catch (second) {
        // The first failure matters more.
        ignoreUserError(second);
      }
      throw error;
    }
    outgoing.acknowledged(id, relayMessageId);
    const { path } = messages.get(id);
    // The message is sent, even if its file can't be removed.
    const isGone = path !== undefined &&
      await this.#piped().remove(path).catch(() => false);
    if (isGone) outgoing.forgetPath(id);
    return messages.get(id);
  }

  async #send(
    id: MessageNumber,
    options: DeliverOptions,
    key: KeyRow | undefined,
  ): Promise<MessageId | undefined> {
    const { contacts, store: { messages, outgoing } } = this.#session;
    const message = messages.get(id);
    const recipient = contacts.current(outgoing.contactOf(id));
    refuseBlocked(recipient);
    const contact = message.kind === "keyRequest"
      ? recipient
      : await contacts.trusted(recipient, options);
    outgoing.redirect(id, contact.row);
    try {
      return await this.#sendTo(contact, message, options, key);
    } catch (error) {
      // The contact may be gone, or its name may belong to another client.
      if (error instanceof ServerRefusedError) {
        await contacts.trusted(contact, {}, true);
      }
      throw error;
    }
  }

  async #sendTo(
    contact: Contact,
    message: Message,
    options: DeliverOptions,
    key: KeyRow | undefined,
  ): Promise<MessageId | undefined> {
    const put = (type: MessageType, content: OutgoingMessage["content"]) =>
      this.#put(contact, type, content, options.progress);
    switch (message.kind) {
      case "keyRequest":
        return await put(MessageType.KeyRequest, new Uint8Array(0));
      case "key":
        return await this.#sendKey(contact, put, key);
      case "text": {
        const sealing = await this.#sealingKey(contact, options);
        const plaintext = new TextEncoder().encode(message.text);
        const content = await legacyEncrypt(sealing, plaintext);
        return await put(MessageType.Text, content);
      }
      default: {
        const sealing = await this.#sealingKey(contact, options);
        const { pieces, size } = await openOutgoingFile(message.path ?? "");
        return await put(MessageType.File, {
          size: legacyCiphertextSize(size),
          pieces: legacyEncryptPieces(sealing, pieces),
        });
      }
    }
  }

  /** The key that seals messages to a contact. One client at a time exchanges one. */
  async #sealingKey(
    { row }: Contact,
    { onKeyChange, notice }: DeliverOptions,
  ): Promise<CryptoKey> {
    const { contacts, keys, outgoing } = this.#session.store;
    const { clientId } = await this.#session.me();
    const hasKey = () => keys.sendingKey(contacts.at(row), clientId);
    if (hasKey() === undefined) {
      using lock = await this.#session.store.lock("key", KEY_PATIENCE);
      if (lock === undefined) {
        throw new FolderError(
          "Another client in this folder is exchanging keys and makes no progress",
          "Is one stopped or stuck? End it, and try again",
        );
      }
      if (hasKey() === undefined) {
        notice?.(`Sending ${contacts.at(row).label} a key first`);
        const { id } = outgoing.unsentKey(row) ??
          this.#write({ contact: row, kind: "key", size: 0 });
        await this.#deliver(id, { onKeyChange });
      }
    }
    const sealing = await keys.sealing(contacts.at(row), clientId);
    if (sealing === undefined) throw outdated(contacts.at(row));
    return sealing;
  }

  /** Stores the key before sending it, and uses it once the relay has acknowledged it. */
  async #sendKey(
    contact: Contact,
    put: (
      type: MessageType,
      content: Uint8Array,
    ) => Promise<MessageId | undefined>,
    key: KeyRow | undefined,
  ): Promise<MessageId | undefined> {
    const { contacts, keys } = this.#session.store;
    const { clientId } = await this.#session.me();
    const publicKey = await this.#session.contacts.encryptionKey(contact);
    const known = key ?? keys.sendingKey(contacts.at(contact.row), clientId);
    const symmetric = known === undefined
      ? await generateSymmetricKey()
      : await keys.known(known, contact.row, clientId);
    if (symmetric === undefined) throw outdated(contact);
    const content = await encryptKey(publicKey, symmetric);
    const row = known ??
      keys.add(contact.row, await exportSymmetricKey(symmetric), clientId);
    // Accepting a changed public key from here on stops the use of the symmetric key.
    this.#requireKey(contact);
    const id = await put(MessageType.Key, content);
    keys.use(contact.row, row);
    return id;
  }

  /** @throws {UserError} where another public key has been accepted since */
  #requireKey(contact: Contact): void {
    const { publicKey } = this.#session.store.contacts.at(contact.row);
    const isSame = contact.publicKey === undefined || publicKey === undefined ||
      equals(contact.publicKey, publicKey);
    if (!isSame) throw outdated(contact);
  }

  async #put(
    contact: Contact,
    type: MessageType,
    content: OutgoingMessage["content"],
    progress: Progress | undefined,
  ): Promise<MessageId | undefined> {
    const me = await this.#session.me();
    const message = { target: contact.clientId, type, content };
    return await this.#session.link.send(me.clientId, message, progress);
  }

  #write(message: NewMessage): Message {
    const { messages, outgoing } = this.#session.store;
    return messages.get(outgoing.add(message));
  }
}

function outdated(contact: Contact): UserError {
  return new UserError(
    `The key isn't one for ${contact.label} any more`,
    "Another client in this folder has accepted another public key",
  );
}

/** @throws {UserError} where the user has blocked the contact */
function refuseBlocked({ blocked, label }: Contact): void {
  if (blocked === 0) return;
  throw new UserError(
    `You have blocked "${label}"`,
    new Advice(new Command("contact", label, "--blocked", "no"), " ends that"),
  );
}
