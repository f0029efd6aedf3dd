/**
 * The people whom the folder knows: the relay's list as it was last fetched,
 * and of each the public key that the user relies on.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type { ContactSummary } from "../session/message.ts";
import type { StoreDatabase } from "./database.ts";
import { dropClaims, type FetchList, updateContacts } from "./listing.ts";

/** Somebody else. */
export interface Contact {
  /** Its row. */
  readonly contact: number;
  /** The id, which never changes. */
  readonly clientId: ClientId;
  /** The name that the user knows it by; null where the relay gave none. */
  readonly name: string | null;
  /** Whose name it claims, until the user accepts that. */
  readonly succeeds: number | null;
  /** The public key that the user relies on, as it was registered. */
  readonly publicKey: Uint8Array | null;
  /** Another one that the relay gives, until the user accepts it. */
  readonly offeredKey: Uint8Array | null;
  /** The offered key that the user was told of, and may have compared. */
  readonly toldKey: Uint8Array | null;
  /** The symmetric key that texts are sent under. */
  readonly sendingKey: number | null;
}

const COLUMNS =
  "contact, clientId, name, succeeds, publicKey, offeredKey, toldKey, sendingKey";

/** The name of a contact, or its id in hex digits where it has none. */
export function labelOf(
  { name, clientId }: { name: string | null; clientId: Uint8Array },
): string {
  return name || encodeHex(clientId);
}

/** Whether another key than the known one has to be accepted first. */
export function hasChanged(
  { offeredKey, succeeds }: Pick<Contact, "offeredKey" | "succeeds">,
): boolean {
  return offeredKey !== null || succeeds !== null;
}

/** All contacts, by id and by name. */
export class ContactBook {
  readonly #database: StoreDatabase;
  #updating: Promise<unknown> = Promise.resolve();

  /** Keeps them in this database. */
  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** The contact with an id, made where nothing is known of it yet. */
  withId(clientId: ClientId): Contact {
    const find = () =>
      this.#database.row<Contact>(
        `SELECT ${COLUMNS} FROM contacts WHERE clientId = ?`,
        clientId,
      );
    const found = find();
    if (found !== undefined) return found;
    return this.#database.write(() => {
      this.#database.run(
        "INSERT INTO contacts (clientId) VALUES (?) ON CONFLICT DO NOTHING",
        clientId,
      );
      return find() as Contact;
    });
  }

  /** The contact in a row. */
  at(contact: number): Contact {
    return this.#database.row<Contact>(
      `SELECT ${COLUMNS} FROM contacts WHERE contact = ?`,
      contact,
    ) as Contact;
  }

  /** Who has exactly this name, or claims it at the relay now; or undefined. */
  named(name: string): Contact | undefined {
    return this.#database.row<Contact>(
      `SELECT ${COLUMNS} FROM contacts WHERE name = ? AND retired = 0
       ORDER BY succeeds IS NOT NULL AND listed = 1 DESC, succeeds IS NULL DESC
       LIMIT 1`,
      name,
    );
  }

  /** Whether the relay's list had the contact when it was last fetched. */
  isListed(contact: number): boolean {
    return this.#database.row(
      "SELECT 1 FROM contacts WHERE contact = ? AND listed = 1",
      contact,
    ) !== undefined;
  }

  /** Those whose keys have to be accepted. */
  changed(): Contact[] {
    return this.#database.rows<Contact>(
      `SELECT ${COLUMNS} FROM contacts
       WHERE retired = 0 AND (offeredKey IS NOT NULL OR succeeds IS NOT NULL)`,
    );
  }

  /** The rows of all who have or had this name, or this id in hex digits. */
  rowsOf(label: string): number[] {
    return this.#database.rows<{ contact: number }>(
      "SELECT contact FROM contacts WHERE name = ?1 OR (name IS NULL AND lower(hex(clientId)) = lower(?1))",
      label,
    ).map(({ contact }) => contact);
  }

  /**
   * Takes over what a fresh list says. A name stays with the contact whom the
   * user knows by it, whatever the relay says: whoever else is listed under it
   * has to be accepted.
   *
   * Only what changed is written, in short transactions. Where that is cut
   * short, the next list completes it.
   *
   * @param fetch hands the list over
   * @returns the names in the list
   */
  async update(fetch: FetchList): Promise<string[]> {
    const updating = this.#updating
      .then(() => updateContacts(this.#database, fetch));
    this.#updating = updating.catch(() => {});
    return await updating;
  }

  /** Relies on a public key from now on, unless there is one already. */
  pinPublicKey(contact: number, publicKey: Uint8Array): void {
    this.#database.run(
      "UPDATE contacts SET publicKey = ? WHERE contact = ? AND publicKey IS NULL",
      publicKey,
      contact,
    );
  }

  /** Remembers a key that the user has to accept first, or that there is none any more. */
  offerPublicKey(contact: number, publicKey: Uint8Array | null): void {
    this.#database.run(
      "UPDATE contacts SET offeredKey = ?1 WHERE contact = ?2 AND offeredKey IS NOT ?1",
      publicKey,
      contact,
    );
  }

  /**
   * Remembers that the user was told of the offered key. Where another one was
   * told before, nobody knows which of them the user compares: none counts.
   *
   * @param asked whether the user asked for it just now, which makes it the one
   */
  told({ contact, offeredKey }: Contact, asked: boolean): void {
    this.#database.run(
      `UPDATE contacts SET toldKey = ${
        asked ? "?1" : "CASE WHEN toldKey IS NULL THEN ?1 ELSE x'' END"
      } WHERE contact = ?2 AND toldKey IS NOT ?1`,
      offeredKey,
      contact,
    );
  }

  /**
   * Makes an offered key the one that the user relies on. What was sent under
   * before isn't any more: whose it was is what was in doubt.
   *
   * @returns false where another key is offered by now
   */
  accept({ contact, succeeds }: Contact, publicKey: Uint8Array): boolean {
    return this.#database.write(() => {
      const isOffered = this.#database.row(
        "SELECT 1 FROM contacts WHERE contact = ? AND offeredKey IS ? AND succeeds IS ?",
        contact,
        publicKey,
        succeeds,
      ) !== undefined;
      if (!isOffered) return false;
      if (succeeds !== null) this.#set({ contact: succeeds }, "retired = 1");
      this.#set(
        { contact },
        "publicKey = offeredKey, offeredKey = NULL, toldKey = NULL, sendingKey = NULL, succeeds = NULL",
      );
      // What was exchanged before is to read with, and goes to no one any more.
      this.#database.run(
        "UPDATE OR REPLACE keys SET owner = x'' WHERE contact = ?",
        contact,
      );
      if (succeeds !== null) dropClaims(this.#database, succeeds);
      return true;
    });
  }

  /** All who are listed or have written or been written to, the latest conversation first. */
  summaries(): ContactSummary[] {
    return this.#database.rows<
      & Pick<Contact, "name" | "clientId">
      & {
        unread: number | null;
        lastTime: number | null;
        offered: number;
        claimed: number;
      }
    >(
      // Whoever only claims a name is counted with whose it is. By number: a
      // time may be a wrong clock's.
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
      unread: Number(unread),
      lastTime: lastTime === null ? undefined : Number(lastTime),
      keyChanged: offered === 1 || claimed === 1,
    }));
  }

  #set({ contact }: Pick<Contact, "contact">, what: string): void {
    this.#database.run(
      `UPDATE contacts SET ${what} WHERE contact = ?`,
      contact,
    );
  }
}
