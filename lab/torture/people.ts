/**
 * What the load knows: who registered, and every message that was ever sent.
 * It outlives the relays that are killed.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import type { ClientId, MessageType } from "../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../shared/wire/requests.ts";
import type { Contents } from "./contents.ts";
import { Inbox, nameOf, type Tracked } from "./inbox.ts";
import { must } from "./violation.ts";

/** A client that asked to be registered. */
export interface Person {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly inbox: Inbox;
  /** Undefined until it is known. */
  id: ClientId | undefined;
  /** Since which moment of the model the registration must be there. */
  since: number;
  /** Its requests of this round that were answered, in ms since 1970. */
  readonly seen: { sent: number; answered: number }[];
}

/** A person whose id is known. */
export type Registered = Person & { id: ClientId };

/** All clients, and all that they sent. */
export class People {
  /** Those who are registered for certain. */
  readonly registered: Registered[] = [];
  readonly contents: Contents;
  readonly #byName = new Map<string, Person>();
  readonly #byId = new Map<string, Registered>();
  readonly #messages = new Map<number, Tracked>();
  #now = 0;
  #lastWrite = 0;

  constructor(contents: Contents) {
    this.contents = contents;
  }

  /** The next moment: every question and every answer has one of its own. */
  tick(): number {
    return ++this.#now;
  }

  /** When the last message that was acknowledged went out, in ms since 1970. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  /** A message that went out at a time, in ms since 1970, was acknowledged. */
  wrote(sent: number): void {
    this.#lastWrite = Math.max(this.#lastWrite, sent);
  }

  /** Notes a request for registration. */
  ask(name: string, publicKey: Uint8Array): Person {
    const person: Person = {
      name,
      publicKey,
      inbox: new Inbox(name),
      id: undefined,
      since: Infinity,
      seen: [],
    };
    this.#byName.set(name, person);
    return person;
  }

  /** It turned out that the registration never came in. */
  drop(person: Person): void {
    this.#byName.delete(person.name);
  }

  /** The registration is there under this id: an answer or the database says so. */
  keep(person: Person, id: ClientId): void {
    const hex = encodeHex(id);
    const other = this.#byId.get(hex);
    if (person.id === undefined) {
      must(
        other === undefined,
        () =>
          `${person.name} got the id that ${other?.name} has already, ${hex}`,
      );
      const registered = Object.assign(person, { id });
      this.#byId.set(hex, registered);
      this.registered.push(registered);
    } else {
      must(
        other === person,
        () => `${person.name} has an id, expected it to stay, got ${hex}`,
      );
    }
    if (person.since === Infinity) person.since = this.tick();
  }

  /** Those of whom no answer has told yet whether they are registered. */
  unanswered(): Person[] {
    return [...this.#byName.values()].filter(({ id }) => id === undefined);
  }

  /** The one with this name, who must have asked for it. */
  named(name: string): Person {
    const person = this.#byName.get(name);
    must(
      person !== undefined,
      () => `"${name}" is registered, but none such was asked for`,
    );
    return person;
  }

  /** A message goes out; its content holds the serial. */
  send(
    sender: Registered,
    inbox: Inbox,
    type: MessageType,
    serial: number,
  ): Tracked {
    const message = inbox.send(serial, encodeHex(sender.id), type);
    this.#messages.set(serial, message);
    return message;
  }

  /** All inboxes. */
  inboxes(): Inbox[] {
    return this.registered.map(({ inbox }) => inbox);
  }

  /**
   * The message that was handed out or found in an inbox, which must be the one
   * that was sent, to the bit.
   */
  recognise(inbox: Inbox, found: WaitingMessage): Tracked {
    const { content, messageId, type } = found;
    const where = `id ${messageId} in the inbox of ${inbox.owner}`;
    const serial = this.contents.serialOf(content);
    must(
      serial !== undefined,
      () => `The content of ${where}, ${content.length} bytes, is damaged`,
    );
    const message = this.#messages.get(serial);
    must(
      message !== undefined,
      () => `${where} is message ${serial}, which was refused or never sent`,
    );
    must(
      message.inbox === inbox,
      () => `${nameOf(message)} turned up as ${where}`,
    );
    const sender = encodeHex(found.sender);
    must(
      message.sender === sender && message.type === type,
      () =>
        `${
          nameOf(message)
        } has sender ${message.sender} and type ${message.type}, got ${sender} and ${type}`,
    );
    must(
      message.fate !== "never",
      () => `${nameOf(message)} never came in, but it turned up as ${where}`,
    );
    return message;
  }

  /** A list of all but the asker, asked for at a moment. */
  listed(
    asker: Registered,
    list: readonly { clientId: ClientId; name: string }[],
    asked: number,
  ): void {
    const names = new Set<string>();
    for (const { clientId, name } of list) {
      must(!names.has(name), () => `The list names ${name} twice`);
      names.add(name);
      this.keep(this.named(name), clientId);
    }
    must(!names.has(asker.name), () => `${asker.name} is in its own list`);
    for (const { name, since } of this.registered) {
      if (since >= asked || name === asker.name) continue;
      must(names.has(name), () => `${name} is registered but not in the list`);
    }
  }

  /** A public key, as the relay has it. */
  hasKey(person: Person, publicKey: Uint8Array): void {
    must(
      equals(person.publicKey, publicKey),
      () =>
        `The public key of ${person.name} isn't the one that was registered`,
    );
  }
}
