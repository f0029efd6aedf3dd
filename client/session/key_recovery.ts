/**
 * Recovers lost symmetric keys: asks the sender of a message that no key opens
 * for the key, and sends the key in use again to a contact that asks.
 *
 * @module
 */

import {
  ConnectionError,
  KeyChangedError,
  NoConnectionError,
  UserError,
} from "../errors.ts";
import type { Contacts, SessionParts } from "./contacts.ts";
import type { MessageNumber } from "../store/message.ts";
import { notice, type ReceiveEvent } from "./receive_event.ts";
import type { Outbox } from "./outbox.ts";
import {
  type ContactRow,
  hasChanged,
  labelOf,
} from "../store/contact_table.ts";
import type { KeyRow } from "../store/key_ring.ts";

/** Milliseconds within which a contact is asked at most once. */
const ASK_INTERVAL = 3_600_000;
/** Milliseconds, and the number of keys that a contact gets within them without the user. */
const [SEND_INTERVAL, MOST_SENT] = [3_600_000, 4];
/** Contacts that get something at a time: a stranger can write in the name of all of them. */
const MOST_AT_ONCE = 20;

/** What {@linkcode KeyRecovery} works with. */
export type RecoveryParts = SessionParts & {
  contacts: Contacts;
  outbox: Outbox;
};

/** Asks for keys and sends them again, without the user. */
export class KeyRecovery {
  readonly #session: RecoveryParts;
  /** Contacts to be asked, with the request that couldn't go out before. */
  readonly #toAsk = new Map<ContactRow, MessageNumber | undefined>();
  /** Contacts that asked, with the keys to send. */
  readonly #asking = new Map<ContactRow, readonly KeyRow[]>();

  constructor(session: RecoveryParts) {
    this.#session = session;
  }

  /** Notes that no key opens a new message of this contact. */
  wants(contact: ContactRow): void {
    if (!this.#toAsk.has(contact)) this.#toAsk.set(contact, undefined);
  }

  /**
   * Notes a new request for a key.
   *
   * @param keys rows of the recent keys when it arrived: a newer one of the
   * contact's own isn't the one that it lacks
   */
  wasAsked(contact: ContactRow, keys: readonly KeyRow[]): void {
    this.#asking.set(contact, keys);
  }

  /**
   * Sends the noted requests and keys. A failure of the connection ends it, and
   * leaves the rest for the next time; other failures don't.
   */
  async *settle(): AsyncGenerator<ReceiveEvent, void, void> {
    const asked = [...this.#toAsk].slice(0, MOST_AT_ONCE);
    for (const [contact, id] of asked) {
      this.#toAsk.delete(contact);
      const done = await this.#attempt(
        contact,
        () => this.#ask(contact, id),
        "can't be asked for the key (request-key does it)",
      );
      yield* done.events;
      if (done.isBroken) return;
    }
    const asking = [...this.#asking].slice(0, MOST_AT_ONCE);
    for (const [contact, keys] of asking) {
      this.#asking.delete(contact);
      const done = await this.#attempt(
        contact,
        () => this.#send(contact, keys),
        "asks for the key, but it can't be sent (send-key does it)",
      );
      yield* done.events;
      if (done.isBroken) return;
    }
  }

  /** Runs a step, which returns a notice; what failed for the user becomes an event. */
  async #attempt(
    contact: ContactRow,
    step: () => Promise<string | undefined>,
    failed: string,
  ): Promise<{ events: ReceiveEvent[]; isBroken: boolean }> {
    try {
      const text = await step();
      const events = text === undefined ? [] : [notice(text)];
      return { events, isBroken: false };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const name = labelOf(this.#session.store.contacts.at(contact));
      const event: ReceiveEvent = error instanceof KeyChangedError
        ? { kind: "problem", error }
        : notice(`${name} ${failed}: ${error.message}`);
      return { events: [event], isBroken: error instanceof ConnectionError };
    }
  }

  async #ask(
    contact: ContactRow,
    before: MessageNumber | undefined,
  ): Promise<string | undefined> {
    const { contacts, database, outgoing } = this.#session.store;
    if (!this.#ownsName(contact)) return undefined;
    // Of several clients in the folder one asks.
    const id = before ??
      database.write(() =>
        outgoing.recent(contact, "keyRequest", ASK_INTERVAL) > 0
          ? undefined
          : outgoing.add({ contact, kind: "keyRequest", size: 0 })
      );
    if (id === undefined) return undefined;
    try {
      await this.#session.outbox.deliver(id);
    } catch (error) {
      // Nothing went out, so it may go out later.
      if (error instanceof NoConnectionError) this.#toAsk.set(contact, id);
      throw error;
    }
    return `${labelOf(contacts.at(contact))} was asked for the key`;
  }

  /**
   * Sends again the keys that recent messages to the contact were sealed under,
   * if its public key was relied on before it asked.
   */
  async #send(
    contact: ContactRow,
    keys: readonly KeyRow[],
  ): Promise<string | undefined> {
    const { contacts, database, outgoing } = this.#session.store;
    const found = contacts.at(contact);
    const name = labelOf(found);
    if (keys.length === 0 || found.publicKey === undefined) {
      return `${name} asks for a symmetric key: send-key ${name}, 152 in the menu or /key send sends one`;
    }
    // The user has been warned of a changed key.
    if (hasChanged(found) || !this.#ownsName(contact)) return undefined;
    const ids = database.write(() => {
      const sent = outgoing.recent(contact, "key", SEND_INTERVAL);
      if (sent + keys.length > MOST_SENT) return undefined;
      return keys.map(() => outgoing.add({ contact, kind: "key", size: 0 }));
    });
    if (ids === undefined) {
      return `${name} asks for the symmetric key again and again, which isn't answered any more for now: send-key ${name} or /key send sends it`;
    }
    for (const [at, id] of ids.entries()) {
      await this.#session.outbox.deliver(id, {}, keys[at]);
    }
    return `${name} asks for the symmetric key that you use already, so what you sent lately may not have been read there. The key was sent again`;
  }

  /** Whether no other contact has the contact's name by now, which would get the message. */
  #ownsName(contact: ContactRow): boolean {
    return this.#session.contacts.current(contact).row === contact;
  }
}
