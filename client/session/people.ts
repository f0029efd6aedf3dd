/**
 * Who the others are, and whether their public keys are still the ones that
 * the user relies on. The first key that the relay gives is relied on; another
 * one has to be accepted.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { importPublicKey } from "../../shared/crypto/crypto.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import {
  ignoreUserError,
  KeyChangedError,
  ServerRefusedError,
  UnknownContactError,
  UserError,
} from "../errors.ts";
import {
  fingerprintOf,
  type KeyHolder,
  safetyNumber,
} from "../keys/fingerprint.ts";
import type { Identity } from "../keys/identity.ts";
import type { PublicKeyInfo } from "./message.ts";
import type { RelayLink } from "../link/relay_link.ts";
import { type Contact, hasChanged, labelOf } from "../store/contact_book.ts";
import type { ClientStore } from "../store/store.ts";

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
    return await this.#store().contacts.update((take) =>
      this.#link.readClients(clientId, take)
    );
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
    return this.#holder(this.#store().contacts.at(contact));
  }

  /**
   * Makes sure that messages may go to a contact.
   *
   * @param again asks the relay though it gave the known key a while ago
   * @returns the contact, or who has its name now
   * @throws {KeyChangedError} where its public key has to be accepted first
   * @throws {UserError} where there is no key and none to be had
   */
  async trusted(
    contact: Contact,
    { onKeyChange }: TrustOptions,
    again = false,
  ): Promise<Contact> {
    const last = this.#checked.get(contact.contact) ?? -Infinity;
    const due = again || performance.now() - last > CHECK_INTERVAL;
    const checked = due || hasChanged(contact)
      ? await this.#check(contact)
      : contact;
    if (!hasChanged(checked)) return checked;
    if (onKeyChange !== "accept") throw await this.#changed(checked, false);
    return await this.#accept(checked);
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
    if (publicKey === null) throw unusable(contact, "there is none");
    return await usable(contact, publicKey);
  }

  /** Asks the relay for somebody's public key; notes whether it is another one. */
  async publicKeyInfo(name: string): Promise<PublicKeyInfo> {
    const contact = await this.#check(await this.named(name));
    if (contact.offeredKey !== null) {
      this.#store().contacts.told(contact, false);
    }
    return await this.#info(contact);
  }

  /**
   * Relies from now on the key that the user was told of. The relay isn't asked:
   * it might give yet another one.
   *
   * @throws {KeyChangedError} where that is another one than is offered by now
   * @throws {UserError} where the relay gives the known one
   */
  async accept(name: string): Promise<PublicKeyInfo> {
    const contact = await this.named(name);
    if (!hasChanged(contact)) {
      throw new UserError(
        `There is nothing to accept: the public key of "${name}" is the one you know`,
      );
    }
    const { offeredKey, toldKey } = contact;
    const isTold = offeredKey !== null && toldKey !== null &&
      equals(offeredKey, toldKey);
    if (!isTold) throw await this.#changed(contact, true);
    return await this.#info(await this.#accept(contact));
  }

  /**
   * The digits to compare with somebody: for the key that the relay gives where
   * that waits to be accepted, else for the one that is relied on.
   */
  async safetyNumber(name: string, mine: KeyHolder): Promise<string> {
    const named = await this.named(name);
    const isThere = hasChanged(named)
      ? named.offeredKey !== null
      : named.publicKey !== null;
    const contact = isThere ? named : await this.#check(named);
    const publicKey = contact.offeredKey ?? contact.publicKey;
    if (publicKey === null) throw unusable(contact, "there is none");
    if (contact.offeredKey !== null) {
      this.#store().contacts.told(contact, true);
    }
    return await safetyNumber(mine, { clientId: contact.clientId, publicKey });
  }

  /** The warning about a contact that has to be accepted; undefined where none has. */
  async warning(contact: number): Promise<KeyChangedError | undefined> {
    const found = this.#store().contacts.at(contact);
    return hasChanged(found) ? await this.#changed(found, false) : undefined;
  }

  /** The warnings about all who have to be accepted. */
  async warnings(): Promise<KeyChangedError[]> {
    const warnings: KeyChangedError[] = [];
    for (const contact of this.#store().contacts.changed()) {
      warnings.push(await this.#changed(contact, false));
    }
    return warnings;
  }

  /** Who has the contact's name now. */
  #holder(contact: Contact): Contact {
    const { contacts } = this.#store();
    return (contact.name === null ? undefined : contacts.named(contact.name)) ??
      contacts.at(contact.contact);
  }

  /** @param again whether the user asked for this key, and not for the one told of before */
  async #changed(contact: Contact, again: boolean): Promise<KeyChangedError> {
    const { contacts } = this.#store();
    // The warning mustn't depend on whether the relay gives the key.
    const offering = contact.offeredKey === null
      ? await this.#compare(contact).catch(ignoreUserError) ?? contact
      : contact;
    if (offering.offeredKey !== null) contacts.told(offering, again);
    const known = this.#reliedOn(contact);
    const { offeredKey } = offering;
    return new KeyChangedError(
      labelOf(contact),
      known === null ? undefined : await fingerprintOf(known),
      offeredKey === null ? undefined : await fingerprintOf(offeredKey),
    );
  }

  /** The key that is relied on under the contact's name. */
  #reliedOn({ succeeds, publicKey }: Contact): Uint8Array | null {
    return succeeds === null
      ? publicKey
      : this.#store().contacts.at(succeeds).publicKey;
  }

  async #accept(contact: Contact): Promise<Contact> {
    const { contacts } = this.#store();
    const { offeredKey } = contact;
    if (offeredKey === null) throw unusable(contact, "there is none");
    if (!contacts.accept(contact, offeredKey)) {
      throw await this.#changed(contacts.at(contact.contact), true);
    }
    return contacts.at(contact.contact);
  }

  async #info(contact: Contact): Promise<PublicKeyInfo> {
    const { offeredKey } = contact;
    const publicKey = this.#reliedOn(contact) ?? offeredKey;
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

  /**
   * Asks for the contact's key. Where that is refused, somebody else may have
   * the name; where nobody has, a key that is known will do, since the relay
   * may not know requests for keys.
   */
  async #check(contact: Contact): Promise<Contact> {
    const { contacts } = this.#store();
    try {
      return await this.#compare(contact);
    } catch (error) {
      if (!(error instanceof ServerRefusedError)) throw error;
      await this.list().catch(ignoreUserError);
      const now = this.#holder(contact);
      if (now.contact !== contact.contact) return await this.#compare(now);
      if (!contacts.isListed(contact.contact)) {
        throw new UnknownContactError(
          `"${labelOf(contact)}" isn't registered at this relay any more`,
          "The list of clients tells who is",
          { cause: error },
        );
      }
      if (now.publicKey === null) throw error;
      await usable(now, now.publicKey);
      return now;
    }
  }

  /** Holds the key that the relay gives against the known one. */
  async #compare(contact: Contact): Promise<Contact> {
    const { contacts } = this.#store();
    const me = await this.#me();
    const given = await this.#link.publicKey(me.clientId, contact.clientId);
    await usable(contact, given);
    const fingerprint = await fingerprintOf(given);
    if (contact.succeeds === null) {
      contacts.pinPublicKey(contact.contact, given);
    }
    const { publicKey, succeeds } = contacts.at(contact.contact);
    const isKnown = succeeds === null && publicKey !== null &&
      await fingerprintOf(publicKey) === fingerprint;
    contacts.offerPublicKey(contact.contact, isKnown ? null : given);
    if (isKnown) this.#checked.set(contact.contact, performance.now());
    return contacts.at(contact.contact);
  }
}

/** @throws {UserError} where no secret may be encrypted for the key */
async function usable(
  contact: Contact,
  publicKey: Uint8Array,
): Promise<CryptoKey> {
  try {
    return await importPublicKey(publicKey);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw unusable(contact, cause.message, cause);
  }
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
