/**
 * Who the others are, and whether their public keys are still the ones that
 * the user relies on. The first key that the relay gives is relied on; another
 * one has to be accepted.
 *
 * @module
 */

import { importPublicKey } from "../shared/crypto.ts";
import { FormatError } from "../shared/format_error.ts";
import {
  KeyChangedError,
  ServerRefusedError,
  UnknownContactError,
  UserError,
} from "./errors.ts";
import { fingerprintOf, type KeyHolder, safetyNumber } from "./fingerprint.ts";
import type { Identity } from "./identity.ts";
import type { PublicKeyInfo } from "./message.ts";
import type { RelayLink } from "./relay_link.ts";
import { type Contact, hasChanged, labelOf } from "./store/contact_book.ts";
import type { ClientStore } from "./store/store.ts";

/** Milliseconds after which the relay is asked again for a key that it gave. */
const CHECK_INTERVAL = 10 * 60_000;

/** What to do about a contact whose public key isn't the known one. */
export interface TrustOptions {
  /** Default: stop, with a {@linkcode KeyChangedError}. */
  onKeyChange?: "stop" | "accept" | undefined;
}

/** What {@linkcode People} works with. */
export interface PeopleParts {
  /** What the folder remembers. */
  store: () => ClientStore;
  /** The way to the relay. */
  link: RelayLink;
  /** Who the user is. */
  me: () => Promise<Identity>;
}

/** The others, as the relay and the folder know them. */
export class People {
  readonly #store: () => ClientStore;
  readonly #link: RelayLink;
  readonly #me: () => Promise<Identity>;
  /** When the relay last gave the known key of a contact. */
  readonly #checked = new Map<number, number>();

  /** Asks nobody yet. */
  constructor({ store, link, me }: PeopleParts) {
    this.#store = store;
    this.#link = link;
    this.#me = me;
  }

  /** Fetches the relay's list; the names as it gives them. */
  async list(): Promise<string[]> {
    const { clientId } = await this.#me();
    const listed = await this.#link.clients(clientId);
    this.#store().contacts.update(listed);
    return listed.map(({ name }) => name);
  }

  /**
   * Who has a name. The list is fetched where the known one lacks it.
   *
   * @throws {UnknownContactError} where nobody has it
   */
  async named(name: string): Promise<Contact> {
    const { contacts } = this.#store();
    const known = contacts.named(name);
    if (known !== undefined) return known;
    await this.list();
    const found = contacts.named(name);
    if (found !== undefined) return found;
    throw new UnknownContactError(
      `There is no other client called "${name}"`,
      "The list of clients tells their names",
    );
  }

  /** Who has the name of a contact now; itself where it has none. */
  current(contact: number): Contact {
    const { contacts } = this.#store();
    const found = contacts.at(contact);
    return (found.name === null ? undefined : contacts.named(found.name)) ??
      found;
  }

  /**
   * Makes sure that messages may go to a contact. Where the relay doesn't tell
   * a public key, a symmetric key that is there already will do.
   *
   * @returns the contact, or who has its name now
   * @throws {KeyChangedError} where its public key has to be accepted first
   * @throws {UserError} where there is no key and none to be had
   */
  async trusted(contact: Contact, options: TrustOptions): Promise<Contact> {
    const last = this.#checked.get(contact.contact) ?? -Infinity;
    const due = performance.now() - last > CHECK_INTERVAL;
    let checked = due || hasChanged(contact)
      ? await this.#check(contact)
      : contact;
    if (hasChanged(checked)) {
      if (options.onKeyChange !== "accept") throw await this.#changed(checked);
      checked = this.#accept(checked);
    }
    return checked;
  }

  /**
   * The public key of a contact that may be used.
   *
   * @throws {UserError} where the relay gives none that can be used
   */
  async publicKey(contact: Contact): Promise<CryptoKey> {
    const { publicKey } = contact.publicKey === null
      ? await this.#compare(contact)
      : contact;
    return await importPublicKey(publicKey ?? new Uint8Array(0));
  }

  /** Asks the relay for somebody's public key; notes whether it is another one. */
  async publicKeyInfo(name: string): Promise<PublicKeyInfo> {
    return await this.#info(await this.#check(await this.named(name)));
  }

  /**
   * Relies from now on the key that the relay gives.
   *
   * @throws {UserError} where it is the known one
   */
  async accept(name: string): Promise<PublicKeyInfo> {
    let contact = await this.named(name);
    if (contact.offeredKey === null) contact = await this.#check(contact);
    if (!hasChanged(contact)) {
      throw new UserError(
        `There is nothing to accept: the public key of "${name}" is the one you know`,
      );
    }
    return await this.#info(this.#accept(contact));
  }

  /**
   * The digits to compare with somebody: for the key that the relay gives where
   * that waits to be accepted, else for the one that is relied on.
   */
  async safetyNumber(name: string, mine: KeyHolder): Promise<string> {
    let contact = await this.named(name);
    const isKnown = contact.publicKey !== null && contact.succeeds === null;
    if (!isKnown && contact.offeredKey === null) {
      contact = await this.#check(contact);
    }
    const publicKey = contact.offeredKey ?? contact.publicKey;
    if (publicKey === null) throw unusable(contact, "there is none");
    return await safetyNumber(mine, { clientId: contact.clientId, publicKey });
  }

  /** The warning about a contact that has to be accepted; undefined where none has. */
  async warning(contact: number): Promise<KeyChangedError | undefined> {
    const found = this.#store().contacts.at(contact);
    return hasChanged(found) ? await this.#changed(found) : undefined;
  }

  async #changed(contact: Contact): Promise<KeyChangedError> {
    const { contacts } = this.#store();
    const offered = contact.offeredKey ??
      (await this.#compare(contact)).offeredKey;
    const known = contact.succeeds === null
      ? contact.publicKey
      : contacts.at(contact.succeeds).publicKey;
    return new KeyChangedError(
      labelOf(contact),
      known === null ? undefined : await fingerprintOf(known),
      offered === null ? "none" : await fingerprintOf(offered),
    );
  }

  #accept(contact: Contact): Contact {
    const { contacts } = this.#store();
    const publicKey = contact.offeredKey ?? contact.publicKey;
    if (publicKey === null) throw unusable(contact, "there is none");
    contacts.accept(contact, publicKey);
    return contacts.at(contact.contact);
  }

  async #info(contact: Contact): Promise<PublicKeyInfo> {
    const { offeredKey } = contact;
    const publicKey = contact.publicKey ?? offeredKey;
    if (publicKey === null) throw unusable(contact, "there is none");
    return {
      name: labelOf(contact),
      contactId: contact.clientId,
      publicKey,
      fingerprint: await fingerprintOf(publicKey),
      offered: offeredKey === null ? undefined : {
        publicKey: offeredKey,
        fingerprint: await fingerprintOf(offeredKey),
      },
    };
  }

  /** Asks for the contact's key; where it is refused, whether somebody else has the name. */
  async #check(contact: Contact): Promise<Contact> {
    const { contacts } = this.#store();
    try {
      return await this.#compare(contact);
    } catch (error) {
      const hasKey = contact.sendingKey !== null && !hasChanged(contact);
      // Garbage in place of a key that is known is no reason to go on.
      const canGoOn = hasKey &&
        (error instanceof ServerRefusedError || contact.publicKey === null);
      if (error instanceof ServerRefusedError) {
        await this.list().catch(ignoreUserError);
        const now = contact.name === null
          ? undefined
          : contacts.named(contact.name);
        if (now !== undefined && now.contact !== contact.contact) {
          return await this.#compare(now);
        }
      }
      if (canGoOn) return contact;
      throw error;
    }
  }

  /** Holds the key that the relay gives against the known one. */
  async #compare(contact: Contact): Promise<Contact> {
    const { contacts } = this.#store();
    const me = await this.#me();
    const given = await this.#link.publicKey(me.clientId, contact.clientId);
    const fingerprint = await fingerprintOf(given).catch((cause) => {
      if (!(cause instanceof FormatError)) throw cause;
      throw unusable(contact, cause.message, cause);
    });
    if (contact.succeeds === null) {
      contacts.pinPublicKey(contact.contact, given);
    }
    const { publicKey } = contacts.at(contact.contact);
    const isKnown = publicKey !== null &&
      await fingerprintOf(publicKey) === fingerprint;
    contacts.offerPublicKey(contact.contact, isKnown ? null : given);
    if (isKnown) this.#checked.set(contact.contact, performance.now());
    return contacts.at(contact.contact);
  }
}

function ignoreUserError(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
}

function unusable(
  contact: Contact,
  reason: string,
  cause?: unknown,
): UserError {
  return new UserError(
    `The public key of "${labelOf(contact)}" can't be used: ${reason}`,
    "It was registered like that; only a new registration helps",
    { cause },
  );
}
