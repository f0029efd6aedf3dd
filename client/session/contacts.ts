/**
 * The user's contacts and their public keys. The first key that the relay gives
 * is trusted; a different one must be accepted by the user.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { Advice, Command } from "../advice.ts";
import { closest } from "../../shared/cli/closest.ts";
import { importPublicKey, publicKeyOf } from "../../shared/crypto/crypto.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import {
  ignoreUserError,
  KeyChangedError,
  ServerRefusedError,
  UnknownContactError,
  UserError,
} from "../errors.ts";
import { fingerprintOf, safetyNumber } from "../keys/fingerprint.ts";
import type { Identity } from "../keys/identity.ts";
import type { ContactSummary } from "../store/message.ts";
import type { RelayLink } from "../link/relay_link.ts";
import {
  type Contact,
  type ContactRow,
  hasChanged,
} from "../store/contact_table.ts";
import type { ClientStore } from "../store/store.ts";

/** Lists the users at the relay. */
const LIST = new Command("list", "--all");
/** Lists those that the folder knows. */
const LIST_KNOWN = new Command("list", "--all", "--offline");

/** Milliseconds for which a public key that the relay gave counts as checked. */
const CHECK_INTERVAL = 10 * 60_000;

/** How to handle a changed public key. */
export interface TrustOptions {
  /** `stop`, the default, throws a {@linkcode KeyChangedError}. */
  onKeyChange?: "stop" | "accept" | undefined;
}

/** A contact's public key. */
export interface PublicKeyInfo {
  /** The contact's name. */
  name: string;
  /** The contact's id. */
  contactId: ClientId;
  /** The key that is used, as SubjectPublicKeyInfo. */
  publicKey: Uint8Array;
  /** Its fingerprint, see `fingerprintOf`. */
  fingerprint: string;
  /** Another public key, which the relay gives and the user hasn't accepted. */
  offered: { publicKey: Uint8Array; fingerprint: string } | undefined;
}

/** The parts that a session's classes share. */
export interface SessionParts {
  /** The folder's store, opened on first use. */
  readonly store: ClientStore;
  /** The connection to the relay. */
  readonly link: RelayLink;
  /** The user's identity. @throws {NotRegisteredError} where there is none */
  me(): Promise<Identity>;
}

/** The user's contacts, from the relay and the folder. */
export class Contacts {
  readonly #session: SessionParts;
  /** Time of the last check that the relay gives the known key of a contact. */
  readonly #checked = new Map<ContactRow, number>();

  constructor(session: SessionParts) {
    this.#session = session;
  }

  get #table() {
    return this.#session.store.contacts;
  }

  /** All contacts in the folder, the latest conversation first. */
  all(): ContactSummary[] {
    return this.#session.store.summaries.list("all");
  }

  /**
   * The contacts with whom the user has exchanged messages, whom the user has
   * chosen, or whose key has changed, the latest conversation first.
   */
  conversations(): ContactSummary[] {
    return this.#session.store.summaries.list("conversations");
  }

  /** What all contacts in the folder are called. */
  names(): string[] {
    return this.#session.store.summaries.labels();
  }

  /** Whether the folder knows a contact; asks no relay. */
  knows(name: string): boolean {
    return this.#table.named(name) !== undefined;
  }

  /**
   * How the folder knows a contact; asks no relay.
   *
   * @param name an alias, a name, or an id in hex digits
   * @throws {UnknownContactError} if no contact has the name
   */
  async known(name: string): Promise<ContactSummary> {
    const contact = this.#table.named(name);
    const found = contact && this.#session.store.summaries.of(contact);
    if (found !== undefined) return found;
    throw new UnknownContactError(
      `This folder has no contact called "${name}"`,
      await this.#meant(name, "Its names: ", LIST_KNOWN),
    );
  }

  /** Fetches the relay's list; returns the names in the relay's order. */
  async fetch(): Promise<string[]> {
    const { clientId } = await this.#session.me();
    return await this.#table.update((take) =>
      this.#session.link.readClients(clientId, take)
    );
  }

  /**
   * The contact with a name. Fetches the list where the folder lacks the name.
   * Blanks around the name are ignored, unless they belong to it.
   *
   * @throws {UnknownContactError} where no client has it
   */
  async named(name: string): Promise<Contact> {
    const known = this.#known(name);
    if (known !== undefined) return known;
    await this.fetch();
    const found = this.#known(name);
    if (found !== undefined) return found;
    throw new UnknownContactError(
      `There is no other client called "${name.trim()}"`,
      await this.#meant(name, LIST, " lists their names"),
    );
  }

  /**
   * The names in a list with commas between them, each once. A name may hold
   * commas: of the names that begin at a place the longest known one counts.
   * Fetches the list of clients where the folder lacks a part.
   *
   * @throws {UserError} where a name is empty, or a known name with a comma holds
   * another known one: a stranger could take what is meant for several
   */
  async listed(list: string): Promise<string[]> {
    if (!list.includes(",")) return [list];
    const parts = list.split(",");
    if (!parts.every((part) => this.#known(part))) {
      // Who needs an unknown name fetches again, and reports the failure.
      await this.fetch().catch(ignoreUserError);
    }
    const names = new Map<ContactRow | string, string>();
    for (const name of this.#joined(parts)) {
      if (name === "") {
        throw new UserError(
          `A name is empty in "${list}"`,
          "Nothing was sent: give names with one comma between them",
        );
      }
      const key = this.#known(name)?.row ?? name;
      if (!names.has(key)) names.set(key, name);
    }
    return [...names.values()];
  }

  /** Joins those parts of a list, split at its commas, that are one known name. */
  #joined(parts: readonly string[]): string[] {
    const names: string[] = [];
    for (let from = 0, to: number; from < parts.length; from = to) {
      to = parts.length;
      // A client may have the name of another one with blanks around it.
      const name = () => parts.slice(from, to).join(",").trim();
      while (to > from + 1 && this.#known(name()) === undefined) to--;
      if (to > from + 1) this.#refuseSeveral(name(), parts.slice(from, to));
      names.push(name());
    }
    return names;
  }

  /** @throws {UserError} where a part of a contact's name is another contact's */
  #refuseSeveral(name: string, parts: readonly string[]): void {
    const other = parts.find((part) => this.#known(part) !== undefined);
    const id = this.#known(name)?.clientId.toHex();
    if (other === undefined || id === undefined) return;
    throw new UserError(
      `"${name}" is one contact's name, and "${other.trim()}" another's`,
      `Nothing was sent: send to ${id} if you mean the one, else to each contact alone`,
    );
  }

  #known(name: string): Contact | undefined {
    return this.#table.named(name) ?? this.#table.named(name.trim());
  }

  /** A hint for an unknown name. */
  async #meant(
    name: string,
    ...hint: readonly (string | Command)[]
  ): Promise<Advice> {
    const meant = await closest(name.trim(), this.names());
    const question = meant === undefined ? "" : `Did you mean "${meant}"? `;
    return new Advice(question, ...hint);
  }

  /** The contact that now has the name of the contact in `row`, or that one itself. */
  current(row: ContactRow): Contact {
    return this.#table.holder(this.#table.at(row));
  }

  /**
   * Verifies a contact's public key before messages are sent.
   *
   * @param again whether to request the key even after a recent check
   * @returns the contact, or the one that now has its name
   * @throws {KeyChangedError} where its public key must be accepted first
   * @throws {UserError} where the relay gives no usable key
   */
  async trusted(
    contact: Contact,
    { onKeyChange }: TrustOptions,
    again = false,
  ): Promise<Contact> {
    const last = this.#checked.get(contact.row) ?? -Infinity;
    const due = again || performance.now() - last > CHECK_INTERVAL;
    const checked = due || hasChanged(contact)
      ? await this.#check(contact, again)
      : contact;
    if (!hasChanged(checked)) return checked;
    if (onKeyChange !== "accept") throw await this.#changed(checked, false);
    return await this.#accept(checked);
  }

  /**
   * A contact's public key, for encryption.
   *
   * @throws {UserError} where the relay gives no usable key
   */
  async encryptionKey(contact: Contact): Promise<CryptoKey> {
    const { publicKey } = contact.publicKey === undefined
      ? await this.#compare(contact)
      : contact;
    if (publicKey === undefined) throw unusable(contact, "there is none");
    return await usable(contact, publicKey);
  }

  /**
   * Requests a contact's public key. A changed key is stored, and nothing is sent
   * until the user accepts it.
   *
   * @throws {UserError} where no client has the name, or the key can't be used
   */
  async publicKey(name: string): Promise<PublicKeyInfo> {
    const contact = await this.#check(await this.named(name));
    if (contact.offeredKey !== undefined) {
      this.#table.told(contact, false);
    }
    return await this.#info(contact);
  }

  /**
   * Accepts the changed key that was shown to the user. Sends no request, since
   * the relay may give yet another key.
   *
   * @throws {KeyChangedError} where the relay has offered another key since
   * @throws {UserError} where the key hasn't changed
   */
  async accept(name: string): Promise<PublicKeyInfo> {
    const contact = await this.named(name);
    if (!hasChanged(contact)) {
      throw new UserError(
        `There is nothing to accept: the public key of "${name}" is the one you know`,
      );
    }
    const { offeredKey, toldKey } = contact;
    const isTold = offeredKey !== undefined && toldKey !== undefined &&
      equals(offeredKey, toldKey);
    if (!isTold) throw await this.#changed(contact, true);
    return await this.#info(await this.#accept(contact));
  }

  /**
   * The digits that the user and a contact compare, equal on both sides: 12
   * groups of five. They cover the offered key where it must be accepted, else
   * the trusted one.
   */
  async safetyNumber(name: string): Promise<string> {
    const { clientId, privateKey } = await this.#session.me();
    const mine = { clientId, publicKey: await publicKeyOf(privateKey) };
    const named = await this.named(name);
    const isThere = hasChanged(named)
      ? named.offeredKey !== undefined
      : named.publicKey !== undefined;
    const contact = isThere ? named : await this.#check(named);
    const publicKey = contact.offeredKey ?? contact.publicKey;
    if (publicKey === undefined) throw unusable(contact, "there is none");
    if (contact.offeredKey !== undefined) {
      this.#table.told(contact, true);
    }
    return await safetyNumber(mine, { clientId: contact.clientId, publicKey });
  }

  /** The warning about a contact whose key must be accepted, or undefined. */
  async warning(row: ContactRow): Promise<KeyChangedError | undefined> {
    const found = this.#table.at(row);
    return hasChanged(found) ? await this.#changed(found, false) : undefined;
  }

  /** The warnings about all contacts whose keys must be accepted. */
  async warnings(): Promise<KeyChangedError[]> {
    const warnings: KeyChangedError[] = [];
    for (const contact of this.#table.changed()) {
      warnings.push(await this.#changed(contact, false));
    }
    return warnings;
  }

  /** @param again whether the user has requested the offered key just now */
  async #changed(contact: Contact, again: boolean): Promise<KeyChangedError> {
    // The warning is given even where the relay doesn't give the key.
    const offering = contact.offeredKey === undefined
      ? await this.#compare(contact).catch(ignoreUserError) ?? contact
      : contact;
    if (offering.offeredKey !== undefined) this.#table.told(offering, again);
    const known = this.#trustedKey(contact);
    const { offeredKey } = offering;
    return new KeyChangedError(
      contact.label,
      known === undefined ? undefined : await fingerprintOf(known),
      offeredKey === undefined ? undefined : await fingerprintOf(offeredKey),
    );
  }

  /** The trusted key under the contact's name. */
  #trustedKey({ succeeds, publicKey }: Contact): Uint8Array | undefined {
    return succeeds === undefined
      ? publicKey
      : this.#table.at(succeeds).publicKey;
  }

  async #accept(contact: Contact): Promise<Contact> {
    const { offeredKey } = contact;
    if (offeredKey === undefined) throw unusable(contact, "there is none");
    if (!this.#table.accept(contact, offeredKey)) {
      throw await this.#changed(this.#table.at(contact.row), true);
    }
    return this.#table.at(contact.row);
  }

  async #info(contact: Contact): Promise<PublicKeyInfo> {
    const { offeredKey } = contact;
    const publicKey = this.#trustedKey(contact) ?? offeredKey;
    if (publicKey === undefined) throw unusable(contact, "there is none");
    return {
      name: contact.label,
      contactId: contact.clientId,
      publicKey,
      fingerprint: await fingerprintOf(publicKey),
      offered: offeredKey === undefined ? undefined : {
        publicKey: offeredKey,
        fingerprint: await fingerprintOf(offeredKey),
      },
    };
  }

  /**
   * Requests the contact's key. After a refusal, checks whether another client
   * has the name. Otherwise a known key is valid, since some relays don't serve
   * keys.
   *
   * @param mustList whether the relay must give its list then
   */
  async #check(contact: Contact, mustList = false): Promise<Contact> {
    try {
      return await this.#compare(contact);
    } catch (error) {
      if (!(error instanceof ServerRefusedError)) throw error;
      await this.fetch().catch((failure) => {
        ignoreUserError(failure);
        if (mustList && failure instanceof ServerRefusedError) throw failure;
      });
      const now = this.#table.holder(contact);
      if (now.row !== contact.row) return await this.#compare(now);
      if (!this.#table.isListed(contact.row)) {
        throw new UnknownContactError(
          `"${contact.label}" isn't registered at this relay any more`,
          new Advice(LIST, " shows the registered ones"),
          { cause: error },
        );
      }
      if (now.publicKey === undefined) throw error;
      await usable(now, now.publicKey);
      return now;
    }
  }

  /** Compares the key from the relay with the known one. */
  async #compare(contact: Contact): Promise<Contact> {
    const { link } = this.#session;
    const { clientId } = await this.#session.me();
    const given = await link.publicKey(clientId, contact.clientId);
    await usable(contact, given);
    const fingerprint = await fingerprintOf(given);
    if (contact.succeeds === undefined) {
      this.#table.pinPublicKey(contact.row, given);
    }
    const { publicKey, succeeds } = this.#table.at(contact.row);
    const isKnown = succeeds === undefined && publicKey !== undefined &&
      await fingerprintOf(publicKey) === fingerprint;
    this.#table.offerPublicKey(contact.row, isKnown ? undefined : given);
    if (isKnown) this.#checked.set(contact.row, performance.now());
    return this.#table.at(contact.row);
  }
}

/** Imports a public key. @throws {UserError} where it isn't safe to encrypt with */
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
    `The public key of "${contact.label}" can't be used: ${reason}`,
    "It was registered like that; only a new registration helps",
    { cause },
  );
}
