/**
 * The people whom the user can write to: the relay's list as it was last
 * fetched, and what is known of each.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import type { ClientId } from "../shared/protocol.ts";
import type { ListedClient } from "../shared/responses.ts";
import { LegacyChannel } from "./channel.ts";

/** Somebody else. */
export interface Contact {
  /** The id, which never changes. */
  readonly clientId: ClientId;
  /** The name as it was last listed; undefined where it never was. */
  name: string | undefined;
  /** Fetched once it is needed. */
  publicKey: CryptoKey | undefined;
  /** Encrypts and decrypts what is exchanged. */
  readonly channel: LegacyChannel;
}

/** All contacts, by id and by name. */
export class Contacts {
  readonly #byId = new Map<string, Contact>();

  /** The contact with an id, made where nothing is known of it yet. */
  withId(clientId: ClientId): Contact {
    const key = encodeHex(clientId);
    let contact = this.#byId.get(key);
    if (contact === undefined) {
      contact = {
        clientId,
        name: undefined,
        publicKey: undefined,
        channel: new LegacyChannel(),
      };
      this.#byId.set(key, contact);
    }
    return contact;
  }

  /** The contact with exactly this name, or undefined. */
  named(name: string): Contact | undefined {
    for (const contact of this.#byId.values()) {
      if (contact.name === name) return contact;
    }
    return undefined;
  }

  /** Takes over what a fresh list says; keys stay with their ids. */
  update(listed: readonly ListedClient[]): void {
    for (const contact of this.#byId.values()) contact.name = undefined;
    for (const { clientId, name } of listed) this.withId(clientId).name = name;
  }
}
