/**
 * The table of contacts: the relay's list as last fetched, and the trusted public
 * key of each contact.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type { ContactSummary } from "./message.ts";
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
}

const SELECT =
  `SELECT contact AS "row", clientId, name, succeeds, publicKey, offeredKey, toldKey, sendingKey
   FROM contacts WHERE`;

/** The name of a contact, or its id in hex digits where it has none. */
export function labelOf(
  { name, clientId }: Pick<Contact, "name" | "clientId">,
): string {
  return name || encodeHex(clientId);
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
    const sql = `${SELECT} clientId = ?`;
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
    return this.#database.one<Contact>(`${SELECT} contact = ?`, row);
  }

  /** The contact that has a name, or claims it at the relay. */
  named(name: string): Contact | undefined {
    return this.#database.row<Contact>(
      `${SELECT} name = ? AND retired = 0
       ORDER BY succeeds IS NOT NULL AND listed = 1 DESC, succeeds IS NULL DESC
       LIMIT 1`,
      name,
    );
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
      `${SELECT} retired = 0 AND (offeredKey IS NOT NULL OR succeeds IS NOT NULL)`,
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
      if (succeeds !== undefined) this.#set(succeeds, "retired = 1");
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

  /** The contacts that are listed or have a conversation, the latest conversation first. */
  summaries(): ContactSummary[] {
    return this.#database.rows<
      & Pick<Contact, "name" | "clientId">
      & {
        unread: number | undefined;
        lastTime: number | undefined;
        offered: number;
        claimed: number;
      }
    >(
      // A contact that claims a name counts with the name's owner. Ordered by
      // number: a time may come from a wrong clock.
      `WITH counted AS (
         SELECT contact, max(id) AS last, 0 AS unread FROM messages GROUP BY contact
         UNION ALL
         SELECT contact, 0, count(*) FROM messages
           WHERE outgoing = 0 AND shown IS NULL
             AND kind IN ('text', 'file', 'unreadable') GROUP BY contact
       ), said AS MATERIALIZED (
         SELECT coalesce(name, contact) AS who, max(last) AS last, sum(unread) AS unread
         FROM counted CROSS JOIN contacts USING (contact) GROUP BY 1
       )
       SELECT c.name, c.clientId, said.unread, written AS lastTime,
         offeredKey IS NOT NULL AS offered,
         EXISTS (SELECT 1 FROM contacts x
           WHERE x.succeeds = c.contact AND x.retired = 0) AS claimed
       FROM contacts c LEFT JOIN said ON who = coalesce(c.name, c.contact)
         LEFT JOIN messages ON id = said.last
       WHERE c.retired = 0 AND c.succeeds IS NULL
         AND (listed = 1 OR claimed = 1 OR said.last IS NOT NULL)
       ORDER BY said.last IS NULL, said.last DESC, c.name`,
    ).map(({ name, clientId, unread, lastTime, offered, claimed }) => ({
      name: labelOf({ name, clientId }),
      contactId: clientId,
      unread: unread ?? 0,
      lastTime,
      keyChanged: offered === 1 || claimed === 1,
    }));
  }

  #set(row: ContactRow, what: string): void {
    this.#database.run(`UPDATE contacts SET ${what} WHERE contact = ?`, row);
  }
}
