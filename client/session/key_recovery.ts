/**
 * Lost symmetric keys: asks who sent what no key opens for the key, and sends
 * the key in use again to a contact who asks.
 *
 * @module
 */

import {
  ConnectionError,
  KeyChangedError,
  NoConnectionError,
  UserError,
} from "../errors.ts";
import type { RetrieveEvents } from "./batch_work.ts";
import type { Outbox } from "./outbox.ts";
import type { People, PeopleParts } from "./people.ts";
import { hasChanged, labelOf } from "../store/contact_book.ts";
import type { ClientStore } from "../store/store.ts";

/** Milliseconds within which a contact is asked once. */
const ASK_INTERVAL = 3_600_000;
/** Milliseconds, and keys that go to a contact within them before requests are left to the user. */
const [SEND_INTERVAL, MOST_SENT] = [3_600_000, 4];
/** Contacts to whom something is sent after one retrieval: a stranger can write in the name of all of them. */
const MOST_AT_ONCE = 20;

/** Asks for keys and sends them again, without the user. */
export class KeyRecovery {
  readonly #store: () => ClientStore;
  readonly #people: People;
  readonly #outbox: Outbox;
  /** Contacts to be asked, and the message that couldn't go out before. */
  readonly #toAsk = new Map<number, number | undefined>();
  /** Contacts who asked, and the keys that are meant. */
  readonly #asking = new Map<number, readonly number[]>();

  /** Nothing is sent before {@linkcode settle}. */
  constructor(
    { store, people, outbox }: Pick<PeopleParts, "store"> & {
      people: People;
      outbox: Outbox;
    },
  ) {
    this.#store = store;
    this.#people = people;
    this.#outbox = outbox;
  }

  /** A new message of this contact can't be opened by any key. */
  wants(contact: number): void {
    if (!this.#toAsk.has(contact)) this.#toAsk.set(contact, undefined);
  }

  /**
   * A new request for a key came from this contact.
   *
   * @param keys rows of the latest keys when it came: a newer one of the
   * contact's own isn't what it lacks
   */
  wasAsked(contact: number, keys: readonly number[]): void {
    this.#asking.set(contact, keys);
  }

  /**
   * Asks and sends, as far as that is due. What fails is told, and no failure
   * ends it but a connection's: the rest is left for the next time.
   */
  async settle(events: RetrieveEvents): Promise<void> {
    const asked = [...this.#toAsk].slice(0, MOST_AT_ONCE);
    for (const [contact, id] of asked) {
      this.#toAsk.delete(contact);
      const failure = await attempt(() => this.#ask(contact, id, events));
      if (failure === undefined) continue;
      this.#tell(
        failure,
        contact,
        "can't be asked for the key (request-key does it)",
        events,
      );
      if (failure instanceof ConnectionError) return;
    }
    const asking = [...this.#asking].slice(0, MOST_AT_ONCE);
    for (const [contact, keys] of asking) {
      this.#asking.delete(contact);
      const failure = await attempt(() => this.#send(contact, keys, events));
      if (failure === undefined) continue;
      this.#tell(
        failure,
        contact,
        "asks for the key, but it can't be sent (send-key does it)",
        events,
      );
      if (failure instanceof ConnectionError) return;
    }
  }

  async #ask(
    contact: number,
    before: number | undefined,
    { notice }: RetrieveEvents,
  ): Promise<void> {
    const { contacts, database, outgoing } = this.#store();
    if (!this.#isItself(contact)) return;
    // Clients side by side ask once.
    const id = before ??
      database.write(() =>
        outgoing.recent(contact, "keyRequest", ASK_INTERVAL) > 0
          ? undefined
          : outgoing.add({ contact, kind: "keyRequest", size: 0 })
      );
    if (id === undefined) return;
    try {
      await this.#outbox.deliver(id, {});
    } catch (error) {
      // Nothing went out, so it may go out later.
      if (error instanceof NoConnectionError) this.#toAsk.set(contact, id);
      throw error;
    }
    notice?.(`${labelOf(contacts.at(contact))} was asked for the key`);
  }

  /**
   * Sends the keys again that the contact's texts went under lately. Only one
   * whose public key was relied on before it asked gets them.
   */
  async #send(
    contact: number,
    keys: readonly number[],
    { notice }: RetrieveEvents,
  ): Promise<void> {
    const { contacts, database, outgoing } = this.#store();
    const found = contacts.at(contact);
    const name = labelOf(found);
    if (keys.length === 0 || found.publicKey === null) {
      notice?.(
        `${name} asks for a symmetric key: send-key ${name}, 152 in the menu or /key send sends one`,
      );
      return;
    }
    // The user has been warned of it.
    if (hasChanged(found) || !this.#isItself(contact)) return;
    const ids = database.write(() => {
      const sent = outgoing.recent(contact, "key", SEND_INTERVAL);
      if (sent + keys.length > MOST_SENT) return undefined;
      return keys.map(() => outgoing.add({ contact, kind: "key", size: 0 }));
    });
    if (ids === undefined) {
      notice?.(
        `${name} asks for the symmetric key again and again, which isn't answered any more for now: send-key ${name} or /key send sends it`,
      );
      return;
    }
    for (const [at, id] of ids.entries()) {
      await this.#outbox.deliver(id, {}, keys[at]);
    }
    notice?.(
      `${name} asks for the symmetric key that you use already, so what you sent lately may not have been read there. The key was sent again`,
    );
  }

  /** Whether the contact's name isn't another's by now, who would get what is sent. */
  #isItself(contact: number): boolean {
    return this.#people.current(contact).contact === contact;
  }

  #tell(
    failure: UserError,
    contact: number,
    what: string,
    { problem, notice }: RetrieveEvents,
  ): void {
    if (failure instanceof KeyChangedError) return problem(failure);
    const name = labelOf(this.#store().contacts.at(contact));
    notice?.(`${name} ${what}: ${failure.message}`);
  }
}

/** The user's failure of some work; undefined where it is done. */
async function attempt(
  work: () => Promise<void>,
): Promise<UserError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
