/**
 * Sends: each message is written down first, goes out under a key of its
 * contact, and counts as sent once the relay has acknowledged it.
 *
 * @module
 */

import { equals } from "@std/bytes";
import {
  exportSymmetricKey,
  importSymmetricKey,
} from "../../shared/crypto/crypto.ts";
import { type MessageId, MessageType } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { LegacyChannel } from "./channel.ts";
import type { Progress } from "../link/connection.ts";
import {
  FolderError,
  ignoreUserError,
  ServerRefusedError,
  UserError,
} from "../errors.ts";
import type { Identity } from "../keys/identity.ts";
import type { Message } from "./message.ts";
import { openOutgoingFile } from "./outgoing_file.ts";
import { PipedFiles } from "./piped_file.ts";
import type { People, PeopleParts, TrustOptions } from "./people.ts";
import type { OutgoingMessage, RelayLink } from "../link/relay_link.ts";
import { type Contact, labelOf } from "../store/contact_book.ts";
import type { NewMessage } from "../store/outgoing.ts";
import type { ClientStore } from "../store/store.ts";

/** Milliseconds to wait for another client that exchanges keys. */
const KEY_PATIENCE = 90_000;

/** How to send a message. */
export interface DeliverOptions extends TrustOptions {
  /** Is told how much of it has gone out. */
  progress?: Progress | undefined;
  /** Gets a sentence for the user about what is done beside. */
  notice?: ((text: string) => void) | undefined;
}

/** The user's messages on their way to the relay. */
export class Outbox {
  readonly #store: () => ClientStore;
  readonly #link: RelayLink;
  readonly #me: () => Promise<Identity>;
  readonly #people: People;

  /** Sends nothing yet. */
  constructor({ store, link, me, people }: PeopleParts & { people: People }) {
    this.#store = store;
    this.#link = link;
    this.#me = me;
    this.#people = people;
  }

  /** Writes a text down for somebody. */
  async writeText(name: string, text: string): Promise<Message> {
    const { contact } = await this.#people.named(name);
    const size = new TextEncoder().encode(text).length;
    return this.#write({ contact, kind: "text", text, size });
  }

  /**
   * Writes down that a file is to be sent. Neither its name nor its type will
   * go along.
   *
   * @throws {UserError} where it can't be sent
   */
  async writeFile(name: string, path: string): Promise<Message> {
    const { contact } = await this.#people.named(name);
    const { size } = await openOutgoingFile(path);
    const absolute = await Deno.realPath(path);
    return this.#write({ contact, kind: "file", path: absolute, size });
  }

  /**
   * Writes down that standard input is to be sent as a file; it waits in the
   * folder until the relay has it.
   *
   * @throws {UserError} where it can't be kept
   */
  async writePiped(
    name: string,
    stdin: ReadableStream<Uint8Array>,
  ): Promise<Message> {
    const { contact } = await this.#people.named(name);
    const kept = await this.#piped().keep(stdin);
    const path = await Deno.realPath(kept);
    const { size } = await openOutgoingFile(path);
    return this.#write({ contact, kind: "file", path, size });
  }

  #piped(): PipedFiles {
    return new PipedFiles(this.#store().database.folder);
  }

  /** Writes down that a contact is to be asked for a key. */
  async writeKeyRequest(name: string): Promise<Message> {
    const { contact } = await this.#people.named(name);
    return this.#write({ contact, kind: "keyRequest", size: 0 });
  }

  /**
   * Writes down that a contact is to be sent the key in use, or a new one where
   * there is none.
   *
   * @param isNew whether it is to be a new one in any case
   */
  async writeKey(name: string, isNew: boolean): Promise<Message> {
    const { contact } = await this.#people.named(name);
    if (isNew) this.#store().keys.retire(contact);
    return this.#write({ contact, kind: "key", size: 0 });
  }

  /**
   * Sends what was written down. Where there is no symmetric key, one is made
   * and sent first.
   *
   * @param key the row of the key that a message of kind `key` brings; default:
   * the one in use, or a new one where there is none
   * @throws {UserError} where it wasn't acknowledged; it can be sent again then
   */
  async deliver(
    id: number,
    options: DeliverOptions,
    key?: number,
  ): Promise<Message> {
    const { history, outgoing } = this.#store();
    outgoing.begin(id);
    let relayMessageId: MessageId | undefined;
    try {
      relayMessageId = await this.#send(id, options, key);
    } catch (error) {
      try {
        outgoing.failed(id, reasonOf(error));
      } catch (second) {
        // Why it failed matters more than that this can't be noted.
        ignoreUserError(second);
      }
      throw error;
    }
    outgoing.acknowledged(id, relayMessageId);
    const { path } = history.get(id);
    // It was sent, whatever becomes of what is left of it.
    const isGone = path !== undefined &&
      await this.#piped().remove(path).catch(() => false);
    if (isGone) outgoing.forgetPath(id);
    return history.get(id);
  }

  async #send(
    id: number,
    options: DeliverOptions,
    key: number | undefined,
  ): Promise<MessageId | undefined> {
    const { history, outgoing } = this.#store();
    const message = history.get(id);
    const recipient = this.#people.current(outgoing.contactOf(id));
    const contact = message.kind === "keyRequest"
      ? recipient
      : await this.#people.trusted(recipient, options);
    outgoing.redirect(id, contact.contact);
    try {
      return await this.#sendTo(contact, message, options, key);
    } catch (error) {
      // Perhaps the contact is gone, or has become somebody else.
      if (error instanceof ServerRefusedError) {
        await this.#people.trusted(contact, {}, true);
      }
      throw error;
    }
  }

  async #sendTo(
    contact: Contact,
    message: Message,
    options: DeliverOptions,
    key: number | undefined,
  ): Promise<MessageId | undefined> {
    const put = (type: MessageType, content: OutgoingMessage["content"]) =>
      this.#put(contact, type, content, options.progress);
    switch (message.kind) {
      case "keyRequest":
        return await put(MessageType.KeyRequest, new Uint8Array(0));
      case "key":
        return await this.#sendKey(contact, put, key);
      case "text": {
        const channel = await this.#sealable(contact, options);
        const plaintext = new TextEncoder().encode(message.text);
        const content = await channel.seal(MessageType.Text, plaintext);
        return await put(MessageType.Text, content);
      }
      default: {
        const channel = await this.#sealable(contact, options);
        const { pieces, size } = await openOutgoingFile(message.path ?? "");
        return await put(MessageType.File, channel.sealPieces(pieces, size));
      }
    }
  }

  /** The channel to a contact, with a key to send under. One client at a time makes one. */
  async #sealable(
    { contact }: Contact,
    { onKeyChange, notice }: DeliverOptions,
  ): Promise<LegacyChannel> {
    const { contacts, keys, outgoing } = this.#store();
    const { clientId } = await this.#me();
    const hasKey = () => keys.sendingKey(contacts.at(contact), clientId);
    if (hasKey() === undefined) {
      using lock = await this.#store().lock("key", KEY_PATIENCE);
      if (lock === undefined) {
        throw new FolderError(
          "Another client in this folder is exchanging keys and doesn't get on",
          "Is one stopped or stuck? End it, and try again",
        );
      }
      if (hasKey() === undefined) {
        notice?.(`Sending ${labelOf(contacts.at(contact))} a key first`);
        const { id } = outgoing.unsentKey(contact) ??
          this.#write({ contact, kind: "key", size: 0 });
        await this.deliver(id, { onKeyChange });
      }
    }
    return await keys.channel(contacts.at(contact), clientId);
  }

  /** The key is on the disk before it goes out, and texts go under it once it was taken. */
  async #sendKey(
    contact: Contact,
    put: (
      type: MessageType,
      content: Uint8Array,
    ) => Promise<MessageId | undefined>,
    key: number | undefined,
  ): Promise<MessageId | undefined> {
    const { contacts, keys } = this.#store();
    const { clientId } = await this.#me();
    const publicKey = await this.#people.publicKey(contact);
    const channel = await keys.channel(contact, clientId);
    const known = key ??
      keys.sendingKey(contacts.at(contact.contact), clientId);
    const offered = await channel.offerKey(
      publicKey,
      known === undefined ? undefined : await this.#known(known, contact),
    );
    const bytes = await exportSymmetricKey(offered.key);
    const row = known ?? keys.add(contact.contact, bytes, clientId);
    // From here on a change that is accepted leaves the key out of use.
    this.#requireKey(contact);
    const id = await put(MessageType.Key, offered.content);
    keys.sendUnder(contact.contact, row);
    return id;
  }

  /** @throws {UserError} where the key may not go to the contact */
  async #known(key: number, contact: Contact): Promise<CryptoKey> {
    const { clientId } = await this.#me();
    const bytes = this.#store().keys.bytesOf(key, contact.contact, clientId);
    if (bytes !== undefined) return await importSymmetricKey(bytes);
    throw outdated(contact);
  }

  /** @throws {UserError} where another public key is relied on by now */
  #requireKey(contact: Contact): void {
    const { publicKey } = this.#store().contacts.at(contact.contact);
    const isSame = contact.publicKey === null || publicKey === null ||
      equals(contact.publicKey, publicKey);
    if (!isSame) throw outdated(contact);
  }

  async #put(
    contact: Contact,
    type: MessageType,
    content: OutgoingMessage["content"],
    progress: Progress | undefined,
  ): Promise<MessageId | undefined> {
    const me = await this.#me();
    const message = { target: contact.clientId, type, content };
    return await this.#link.send(me.clientId, message, progress);
  }

  #write(message: NewMessage): Message {
    const { history, outgoing } = this.#store();
    return history.get(outgoing.add(message));
  }
}

function outdated(contact: Contact): UserError {
  return new UserError(
    `The key isn't one for ${labelOf(contact)} any more`,
    "Another client in this folder has accepted another public key",
  );
}
