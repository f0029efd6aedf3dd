/**
 * Recovers lost symmetric keys: requests the key from the sender of a message
 * that no key opens, and resends the key in use to a contact that requests it.
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
import { type ContactRow, hasChanged } from "../store/contact_table.ts";
import type { KeyRow } from "../store/key_ring.ts";

/** Milliseconds between two key requests to a contact. */
const ASK_INTERVAL = 3_600_000;
/** A period in milliseconds, and the limit of keys that are sent to a contact within it automatically. */
const [SEND_INTERVAL, MOST_SENT] = [3_600_000, 4];
/** Limit of contacts per run, since senders can be forged. */
const MOST_AT_ONCE = 20;

/** The parts of a session that {@linkcode KeyRecovery} uses. */
export type RecoveryParts = SessionParts & {
  contacts: Contacts;
  outbox: Outbox;
};

/** Requests and resends keys automatically. */
export class KeyRecovery {
  readonly #session: RecoveryParts;
  /** Contacts to request a key from, with an earlier request that couldn't be sent. */
  readonly #toAsk = new Map<ContactRow, MessageNumber | undefined>();
  /** Contacts that requested keys, with the keys to send. */
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
   * @param keys rows of the recent keys when it arrived: the contact has newer
   * ones, which it sent itself
   */
  wasAsked(contact: ContactRow, keys: readonly KeyRow[]): void {
    this.#asking.set(contact, keys);
  }

  /**
   * Sends the noted requests and keys. Stops at a failure of the connection and
   * keeps the rest for the next call.
   */
  async *settle(): AsyncGenerator<ReceiveEvent, void, void> {
    const asked = [...this.#toAsk].slice(0, MOST_AT_ONCE);
    for (const [contact, id] of asked) {
      this.#toAsk.delete(contact);
      const isBroken = yield* this.#attempt(
        contact,
        () => this.#ask(contact, id),
        "can't be asked for the key (request-key does it)",
      );
      if (isBroken) return;
    }
    const asking = [...this.#asking].slice(0, MOST_AT_ONCE);
    for (const [contact, keys] of asking) {
      this.#asking.delete(contact);
      const isBroken = yield* this.#attempt(
        contact,
        () => this.#send(contact, keys),
        "asks for the key, but it can't be sent (send-key does it)",
      );
      if (isBroken) return;
    }
  }

  /** Runs a step that returns a notice; returns whether the connection failed. */
  async *#attempt(
    contact: ContactRow,
    step: () => Promise<string | undefined>,
    failed: string,
  ): AsyncGenerator<ReceiveEvent, boolean, void> {
    try {
      const text = await step();
      if (text !== undefined) yield notice(text);
      return false;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const name = this.#session.store.contacts.at(contact).label;
      yield error instanceof KeyChangedError
        ? { kind: "problem", error }
        : notice(`${name} ${failed}: ${error.message}`);
      return error instanceof ConnectionError;
    }
  }

  async #ask(
    contact: ContactRow,
    before: MessageNumber | undefined,
  ): Promise<string | undefined> {
    const { contacts, database, outgoing } = this.#session.store;
    if (!this.#ownsName(contact)) return undefined;
    // Only one of several clients in the folder sends the request.
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
      // Nothing was sent, so it can be sent later.
      if (error instanceof NoConnectionError) this.#toAsk.set(contact, id);
      throw error;
    }
    return `${contacts.at(contact).label} was asked for the key`;
  }

  /**
   * Resends the keys of recent messages to the contact, if its public key was
   * trusted before it sent the request.
   */
  async #send(
    contact: ContactRow,
    keys: readonly KeyRow[],
  ): Promise<string | undefined> {
    const { contacts, database, outgoing } = this.#session.store;
    const found = contacts.at(contact);
    const name = found.label;
    if (keys.length === 0 || found.publicKey === undefined) {
      return `${name} asks for a symmetric key: send-key ${name}, 152 in the menu or /key send sends one`;
    }
    // The user was warned about the changed key.
    if (hasChanged(found) || !this.#ownsName(contact)) return undefined;
    const ids = database.write(() => {
      const sent = outgoing.recent(contact, "key", SEND_INTERVAL);
      if (sent + keys.length > MOST_SENT) return undefined;
      return keys.map(() => outgoing.add({ contact, kind: "key", size: 0 }));
    });
    if (ids === undefined) {
      return `${name} asks for the symmetric key again and again, so it isn't sent any more for now: send-key ${name} or /key send sends it`;
    }
    for (const [at, id] of ids.entries()) {
      await this.#session.outbox.deliver(id, {}, keys[at]);
    }
    return `${name} asks for the symmetric key that you use already, so what you sent lately may not have been read there. The key was sent again`;
  }

  /** Whether the contact still has its name; otherwise another contact would get the message. */
  #ownsName(contact: ContactRow): boolean {
    return this.#session.contacts.current(contact).row === contact;
  }
}
