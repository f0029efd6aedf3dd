/**
 * Sends: each message is written down first, goes out under a key of its
 * contact, and counts as sent once the relay has acknowledged it.
 *
 * @module
 */

import { exportSymmetricKey } from "../shared/crypto.ts";
import { type MessageId, MessageType } from "../shared/protocol.ts";
import { reasonOf } from "../shared/reason.ts";
import type { Progress } from "./connection.ts";
import { FolderError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { Message } from "./message.ts";
import { openOutgoingFile } from "./outgoing_file.ts";
import type { People, PeopleParts, TrustOptions } from "./people.ts";
import type { OutgoingMessage, RelayLink } from "./relay_link.ts";
import type { Contact } from "./store/contact_book.ts";
import { LEASE_RENEWAL, type Outgoing } from "./store/conversations.ts";
import type { ClientStore } from "./store/store.ts";

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

  /** Writes down that somebody is to be sent a key, or asked for one. */
  async writeControl(
    name: string,
    kind: "key" | "keyRequest",
  ): Promise<Message> {
    const { contact } = await this.#people.named(name);
    return this.#write({ contact, kind, size: 0 });
  }

  /**
   * Sends what was written down. Where there is no symmetric key, one is made
   * and sent first.
   *
   * @throws {UserError} where it wasn't acknowledged; it can be sent again then
   */
  async deliver(id: number, options: DeliverOptions): Promise<Message> {
    const { conversations } = this.#store();
    const message = conversations.begin(id);
    const renewal = setInterval(() => this.#renew(id), LEASE_RENEWAL);
    let relayMessageId: MessageId | undefined;
    try {
      const contact = this.#people.current(conversations.contactOf(id));
      relayMessageId = await this.#send(message, contact, options);
    } catch (error) {
      conversations.failed(id, reasonOf(error));
      throw error;
    } finally {
      clearInterval(renewal);
    }
    conversations.acknowledged(id, relayMessageId);
    return conversations.get(id);
  }

  async #send(
    message: Message,
    recipient: Contact,
    options: DeliverOptions,
  ): Promise<MessageId | undefined> {
    if (message.kind === "keyRequest") {
      return await this.#put(
        recipient,
        MessageType.KeyRequest,
        new Uint8Array(0),
      );
    }
    let contact = await this.#people.trusted(recipient, options);
    if (message.kind === "key") return await this.#sendKey(contact);
    if (contact.sendingKey === null) {
      options.notice?.(`Sending ${message.contact} a key first`);
      const key = this.#write({
        contact: contact.contact,
        kind: "key",
        size: 0,
      });
      await this.deliver(key.id, { onKeyChange: options.onKeyChange });
      contact = this.#store().contacts.at(contact.contact);
    }
    const channel = await this.#store().keys.channel(contact);
    if (message.kind === "text") {
      const plaintext = new TextEncoder().encode(message.text);
      const content = await channel.seal(MessageType.Text, plaintext);
      return await this.#put(contact, MessageType.Text, content, options);
    }
    const { pieces, size } = await openOutgoingFile(message.path ?? "");
    const content = channel.sealPieces(pieces, size);
    return await this.#put(contact, MessageType.File, content, options);
  }

  /** The key is on the disk before it goes out, and texts go under it once it was taken. */
  async #sendKey(contact: Contact): Promise<MessageId | undefined> {
    const { keys } = this.#store();
    const publicKey = await this.#people.publicKey(contact);
    const channel = await keys.channel(contact);
    const { content, key } = await channel.offerKey(publicKey);
    const row = keys.add(contact.contact, await exportSymmetricKey(key));
    const id = await this.#put(contact, MessageType.Key, content);
    keys.sendUnder(contact.contact, row);
    return id;
  }

  async #put(
    contact: Contact,
    type: MessageType,
    content: OutgoingMessage["content"],
    { progress }: DeliverOptions = {},
  ): Promise<MessageId | undefined> {
    const me = await this.#me();
    const message = { target: contact.clientId, type, content };
    return await this.#link.send(me.clientId, message, progress);
  }

  #write(message: Outgoing): Message {
    const { conversations } = this.#store();
    return conversations.get(conversations.addOutgoing(message));
  }

  #renew(id: number): void {
    try {
      this.#store().conversations.renew(id);
    } catch (error) {
      // Sending goes on; the outcome will tell what is wrong with the store.
      if (!(error instanceof FolderError)) throw error;
    }
  }
}
