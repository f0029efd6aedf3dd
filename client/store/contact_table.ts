/**
 * The table of contacts: the relay's list as last fetched, and the trusted public
 * key of each contact.
 *
 * @module
 */

import { decodeHex } from "@std/encoding";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type { StoreDatabase } from "./database.ts";
import { dropClaims, type FetchList, updateContacts } from "./contact_list.ts";
import type { KeyRow } from "./key_ring.ts";

declare const brand: unique symbol;

/** Number of a contact's row. */
export type ContactRow = number & { readonly [brand]: "ContactRow" };

/** Another client, as the folder knows it. */
export interface Contact {
  /** Number of its row. */
  readonly row: ContactRow;
  /** The id, which never changes. */
  readonly clientId: ClientId;
  /** What it is called here: its alias, its name, or its id in hex digits. */
  readonly label: string;
  /** The name; undefined where the relay gave none. */
  readonly name: string | undefined;
  /** The contact whose name it claims, until the user accepts the claim. */
  readonly succeeds: ContactRow | undefined;
  /** The trusted public key, as it was registered. */
  readonly publicKey: Uint8Array | undefined;
  /** A different public key from the relay, which the user hasn't accepted. */
  readonly offeredKey: Uint8Array | undefined;
  /** The offered key that was shown to the user, who may have compared it. */
  readonly toldKey: Uint8Array | undefined;
  /** The symmetric key in use. */
  readonly sendingKey: KeyRow | undefined;
  /** 1 where the user wants no messages from it. */
  readonly blocked: number;
}

/** What the user sets for a contact, beside an alias. */
export interface ContactFlags {
  /** Whether it is listed without a message, too. */
  chosen: boolean;
  /** Whether its messages are dropped. */
  blocked: boolean;
  /** Whether its messages arrive without a notification. */
  muted: boolean;
}

/**
 * Joins a contact `c` with the owner `o` of its name, which has the settings: they
 * hold for a contact that only claims the name, too.
 */
export const OWNER =
  "JOIN contacts o ON o.contact = coalesce(c.succeeds, c.contact)";

/**
 * What a contact `c` with the owner `o` is called. A name that is the alias or the
 * id of another contact is of no use: it must lead to that one.
 */
export const LABEL = `coalesce(o.alias, CASE WHEN c.name <> '' AND NOT EXISTS (
     SELECT 1 FROM contacts a WHERE a.alias = c.name AND a.name IS NOT c.name
   ) AND NOT EXISTS (
     SELECT 1 FROM contacts i WHERE i.clientId = unhex(c.name) AND i.contact <> c.contact
   ) THEN c.name END, lower(hex(c.clientId)))`;

const SELECT = `SELECT c.contact AS "row", c.clientId, c.name, c.succeeds,
     c.publicKey, c.offeredKey, c.toldKey, c.sendingKey, o.blocked, ${LABEL} AS label
   FROM contacts c ${OWNER} WHERE`;

/** Whether a text is a client's id in hex digits. */
const HEX_ID = /^[0-9a-f]{32}$/i;

/** The id in a text of hex digits; undefined where it is none. */
export function idIn(text: string): ClientId | undefined {
  return HEX_ID.test(text) ? decodeHex(text) as ClientId : undefined;
}

/** Whether the user must accept a different public key or id first. */
export function hasChanged(
  { offeredKey, succeeds }: Pick<Contact, "offeredKey" | "succeeds">,
): boolean {
  return offeredKey !== undefined || succeeds !== undefined;
}

/** The contacts in a folder's store. */
export class ContactTable {
  readonly #database: StoreDatabase;
  #updating: Promise<unknown> = Promise.resolve();

  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** The contact with an id; inserted where the id is unknown. */
  withId(clientId: ClientId): Contact {
    const sql = `${SELECT} c.clientId = ?`;
    const found = this.#database.row<Contact>(sql, clientId);
    if (found !== undefined) return found;
    return this.#database.write(() => {
      this.#database.run(
        "INSERT INTO contacts (clientId) VALUES (?) ON CONFLICT DO NOTHING",
        clientId,
      );
      return this.#database.one<Contact>(sql, clientId);
    });
  }

  /** The contact in a row. */
  at(row: ContactRow): Contact {
    return this.#database.one<Contact>(`${SELECT} c.contact = ?`, row);
  }

  /**
   * The contact with an alias, else the one with an id in hex digits, else the one
   * that has a name or claims it at the relay.
   */
  named(name: string): Contact | undefined {
    const aliased = this.#database.row<Contact>(`${SELECT} c.alias = ?`, name);
    if (aliased !== undefined) return this.holder(aliased);
    const id = idIn(name);
    return (id && this.#withKnownId(id)) ?? this.#withName(name);
  }

  /** The contact that now has the name of a contact, or that one itself. */
  holder({ name, row }: Contact): Contact {
    return (name === undefined ? undefined : this.#withName(name)) ??
      this.at(row);
  }

  /** The contact that has a name, or claims it at the relay. */
  #withName(name: string): Contact | undefined {
    return this.#database.row<Contact>(
      `${SELECT} c.name = ? AND c.retired = 0
       ORDER BY c.succeeds IS NOT NULL AND c.listed = 1 DESC, c.succeeds IS NULL DESC
       LIMIT 1`,
      name,
    );
  }

  #withKnownId(id: ClientId): Contact | undefined {
    const found = this.#database.row<Contact>(`${SELECT} c.clientId = ?`, id);
    return found && this.holder(found);
  }

  /** Whether the relay's list had the contact when it was last fetched. */
  isListed(row: ContactRow): boolean {
    return this.#database.row(
      "SELECT 1 FROM contacts WHERE contact = ? AND listed = 1",
      row,
    ) !== undefined;
  }

  /** The contacts whose keys must be accepted. */
  changed(): Contact[] {
    return this.#database.rows<Contact>(
      `${SELECT} c.retired = 0 AND (c.offeredKey IS NOT NULL OR c.succeeds IS NOT NULL)`,
    );
  }

  /**
   * Applies a list from the relay. A known contact keeps its name: another client
   * listed under it must be accepted by the user.
   *
   * Writes only changes, in short transactions. The next list completes an
   * interrupted update.
   *
   * @param fetch fetches the list
   * @returns the names in the list
   */
  async update(fetch: FetchList): Promise<string[]> {
    const updating = this.#updating
      .then(() => updateContacts(this.#database, fetch));
    this.#updating = updating.catch(() => {});
    return await updating;
  }

  /** Sets the trusted public key, unless there is one. */
  pinPublicKey(row: ContactRow, publicKey: Uint8Array): void {
    this.#database.run(
      "UPDATE contacts SET publicKey = ? WHERE contact = ? AND publicKey IS NULL",
      publicKey,
      row,
    );
  }

  /** Sets or clears the key that the user must accept first. */
  offerPublicKey(row: ContactRow, publicKey: Uint8Array | undefined): void {
    this.#database.run(
      "UPDATE contacts SET offeredKey = ?1 WHERE contact = ?2 AND offeredKey IS NOT ?1",
      publicKey,
      row,
    );
  }

  /**
   * Records that the offered key was shown to the user. Where a different one was
   * shown before, none counts as shown, since the user may compare either.
   *
   * @param asked whether the user has just requested this key, so that it counts
   */
  told({ row, offeredKey }: Contact, asked: boolean): void {
    this.#database.run(
      `UPDATE contacts SET toldKey = ${
        asked ? "?1" : "CASE WHEN toldKey IS NULL THEN ?1 ELSE x'' END"
      } WHERE contact = ?2 AND toldKey IS NOT ?1`,
      offeredKey,
      row,
    );
  }

  /**
   * Makes an offered key the trusted one, and stops the use of earlier symmetric
   * keys.
   *
   * @returns false where another key has been offered since
   */
  accept({ row, succeeds }: Contact, publicKey: Uint8Array): boolean {
    return this.#database.write(() => {
      const isOffered = this.#database.row(
        "SELECT 1 FROM contacts WHERE contact = ? AND offeredKey IS ? AND succeeds IS ?",
        row,
        publicKey,
        succeeds,
      ) !== undefined;
      if (!isOffered) return false;
      if (succeeds !== undefined) {
        this.#set(succeeds, "retired = 1");
        this.#moveSettings(succeeds, row);
      }
      this.#set(
        row,
        "publicKey = offeredKey, offeredKey = NULL, toldKey = NULL, sendingKey = NULL, succeeds = NULL",
      );
      // Earlier keys still open messages, but aren't sent again.
      this.#database.run(
        "UPDATE OR REPLACE keys SET owner = x'' WHERE contact = ?",
        row,
      );
      if (succeeds !== undefined) dropClaims(this.#database, succeeds);
      return true;
    });
  }

  /** Sets one of a contact's flags. */
  setFlag(
    { row, succeeds }: Contact,
    flag: keyof ContactFlags,
    isSet: boolean,
  ): void {
    this.#set(succeeds ?? row, `${flag} = ${isSet ? 1 : 0}`);
  }

  /** Sets or removes a contact's alias. */
  setAlias({ row, succeeds }: Contact, alias: string | undefined): void {
    this.#database.run(
      "UPDATE contacts SET alias = ? WHERE contact = ?",
      alias,
      succeeds ?? row,
    );
  }

  /** Moves the settings to the contact that the user accepts in another one's place. */
  #moveSettings(from: ContactRow, to: ContactRow): void {
    const { alias } = this.#database.one<{ alias: string | undefined }>(
      "SELECT alias FROM contacts WHERE contact = ?",
      from,
    );
    this.#set(from, "alias = NULL");
    this.#database.run(
      `UPDATE contacts SET alias = ?1, (chosen, blocked, muted) = (
         SELECT chosen, blocked, muted FROM contacts WHERE contact = ?2
       ) WHERE contact = ?3`,
      alias,
      from,
      to,
    );
  }

  #set(row: ContactRow, what: string): void {
    this.#database.run(`UPDATE contacts SET ${what} WHERE contact = ?`, row);
  }
}
