/**
 * What a user can do: the one place that the menu and every other face of the
 * client call. None of them opens a socket or touches a key.
 *
 * @module
 */

import { importPublicKey } from "../shared/crypto.ts";
import { FormatError } from "../shared/format_error.ts";
import { nameProblem } from "../shared/names.ts";
import { MessageType } from "../shared/protocol.ts";
import type { Progress } from "./connection.ts";
import { type Contact, Contacts } from "./contacts.ts";
import { UserError } from "./errors.ts";
import {
  createIdentity,
  type Identity,
  loadIdentity,
  refuseExisting,
} from "./identity.ts";
import { Inbox, type PullEvents } from "./inbox.ts";
import { openOutgoingFile } from "./outgoing_file.ts";
import type { OutgoingMessage, RelayLink } from "./relay_link.ts";

/** A user at work, in one folder. */
export class Session {
  readonly #dir: string;
  readonly #link: RelayLink;
  readonly #inbox: Inbox;
  readonly #contacts = new Contacts();
  #identity: Identity | undefined;

  /**
   * @param dir the folder with `info.me`
   * @param link the way to the relay
   */
  constructor(dir: string, link: RelayLink) {
    this.#dir = dir;
    this.#link = link;
    this.#inbox = new Inbox({
      dir,
      link,
      contacts: this.#contacts,
      fetchNames: () => this.clients(),
    });
  }

  /**
   * Who the user is.
   *
   * @returns undefined where nobody is registered in this folder
   * @throws {UserError} where `info.me` is damaged
   */
  async identity(): Promise<Identity | undefined> {
    return this.#identity ??= await loadIdentity(this.#dir);
  }

  /** @throws {UserError} where an identity exists, or is damaged */
  async refuseSecondIdentity(): Promise<void> {
    await this.identity();
    await refuseExisting(this.#dir);
  }

  /**
   * Registers the user and writes `info.me`.
   *
   * @throws {UserError} where the name is no name or taken, an identity
   * exists, or it can't be kept
   */
  async register(name: string): Promise<void> {
    const problem = nameProblem(name);
    if (problem !== undefined) {
      throw new UserError(
        `Bad name: ${problem}`,
        "Letters, digits, dots, dashes and underscores work everywhere",
      );
    }
    this.#identity = await createIdentity(
      this.#dir,
      name,
      (publicKey) => this.#link.register(name, publicKey),
    );
  }

  /** Fetches the list of the others; their names, as the relay lists them. */
  async clients(): Promise<string[]> {
    const { clientId } = await this.#me();
    const listed = await this.#link.clients(clientId);
    this.#contacts.update(listed);
    return listed.map(({ name }) => name);
  }

  /**
   * Fetches a contact's public key.
   *
   * @throws {UserError} where nobody has the name or the key can't be used
   */
  async fetchPublicKey(name: string): Promise<void> {
    await this.#publicKeyOf(await this.#contact(name));
  }

  /** Asks a contact for a symmetric key. */
  async requestKey(name: string): Promise<void> {
    const contact = await this.#contact(name);
    await this.#send(contact, MessageType.KeyRequest, new Uint8Array(0));
  }

  /** Makes a symmetric key and sends it to a contact. */
  async sendKey(name: string): Promise<void> {
    const contact = await this.#contact(name);
    const publicKey = contact.publicKey ?? await this.#publicKeyOf(contact);
    const { content, use } = await contact.channel.offerKey(publicKey);
    await this.#send(contact, MessageType.Key, content);
    use();
  }

  /**
   * Makes sure that a text or a file can be sent to a contact.
   *
   * @throws {UserError} where nobody has the name or there is no key yet
   */
  async requireKey(name: string): Promise<void> {
    await this.#sealableContact(name);
  }

  /**
   * Sends a text.
   *
   * @throws {UserError} where there is no symmetric key yet
   */
  async sendText(name: string, text: string): Promise<void> {
    const contact = await this.#sealableContact(name);
    const plaintext = new TextEncoder().encode(text);
    const content = await contact.channel.seal(MessageType.Text, plaintext);
    await this.#send(contact, MessageType.Text, content);
  }

  /**
   * Sends a file's bytes. Neither its name nor its type goes along.
   *
   * @throws {UserError} where the file can't be read or there is no key yet
   */
  async sendFile(
    name: string,
    path: string,
    progress?: Progress,
  ): Promise<void> {
    const contact = await this.#sealableContact(name);
    const { size, pieces } = await openOutgoingFile(path);
    const content = contact.channel.sealPieces(pieces, size);
    await this.#send(contact, MessageType.File, content, progress);
  }

  /**
   * Takes all waiting messages. Each answer is written down before it is
   * worked through; what was left over is worked through first.
   *
   * @throws {UserError} where the relay can't be asked
   */
  async pull(events: PullEvents): Promise<void> {
    await this.#inbox.pull(await this.#me(), events);
  }

  async #me(): Promise<Identity> {
    const identity = await this.identity();
    if (identity !== undefined) return identity;
    throw new UserError(
      "You are not registered yet",
      "Register first, with 110",
    );
  }

  /** The list is fetched where the one that we hold lacks the name. */
  async #contact(name: string): Promise<Contact> {
    const held = this.#contacts.named(name);
    if (held !== undefined) return held;
    await this.clients();
    const found = this.#contacts.named(name);
    if (found !== undefined) return found;
    throw new UserError(
      `There is no other client called "${name}"`,
      "120 lists their names",
    );
  }

  async #sealableContact(name: string): Promise<Contact> {
    const contact = await this.#contact(name);
    if (contact.channel.canSeal) return contact;
    throw new UserError(
      `There is no symmetric key for "${name}" yet`,
      "Send one with 152, or ask for one with 151 and pull the answer with 140",
    );
  }

  async #publicKeyOf(contact: Contact): Promise<CryptoKey> {
    const me = await this.#me();
    const bytes = await this.#link.publicKey(me.clientId, contact.clientId);
    try {
      return contact.publicKey = await importPublicKey(bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new UserError(
        `The public key of "${contact.name}" can't be used: ${cause.message}`,
        "It was registered like that; only a new registration helps",
        { cause },
      );
    }
  }

  async #send(
    contact: Contact,
    type: MessageType,
    content: OutgoingMessage["content"],
    progress?: Progress,
  ): Promise<void> {
    const me = await this.#me();
    const message = { target: contact.clientId, type, content };
    await this.#link.send(me.clientId, message, progress);
  }
}
