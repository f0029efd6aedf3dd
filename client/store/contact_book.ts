/**
 * The people whom the folder knows: the relay's list as it was last fetched,
 * and of each the public key that the user relies on.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import type { ClientId } from "../../shared/protocol.ts";
import type { ListedClient } from "../../shared/responses.ts";
import type { ContactSummary } from "../message.ts";
import type { StoreDatabase } from "./database.ts";

/** Somebody else. */
export interface Contact {
  /** Its row. */
  readonly contact: number;
  /** The id, which never changes. */
  readonly clientId: ClientId;
  /** The name as it was last listed; null where it never was. */
  readonly name: string | null;
  /** Whose name it has taken over, until the user accepts that. */
  readonly succeeds: number | null;
  /** The public key that the user relies on, as it was registered. */
  readonly publicKey: Uint8Array | null;
  /** Another one that the relay gives, until the user accepts it. */
  readonly offeredKey: Uint8Array | null;
  /** The symmetric key that texts are sent under. */
  readonly sendingKey: number | null;
}

const COLUMNS =
  "contact, clientId, name, succeeds, publicKey, offeredKey, sendingKey";

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

  /** Who has exactly this name now, accepted or not; or undefined. */
  named(name: string): Contact | undefined {
    return this.#database.row<Contact>(
      `SELECT ${COLUMNS} FROM contacts WHERE name = ? AND retired = 0
       ORDER BY succeeds IS NULL, listed DESC LIMIT 1`,
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

  /** The rows of all who have or had this name, or this id in hex digits. */
  rowsOf(label: string): number[] {
    return this.#database.rows<{ contact: number }>(
      "SELECT contact FROM contacts WHERE name = ?1 OR (name IS NULL AND lower(hex(clientId)) = lower(?1))",
      label,
    ).map(({ contact }) => contact);
  }

  /**
   * Takes over what a fresh list says. A name that has passed from somebody
   * whom the user knows to another id has to be accepted.
   */
  update(listed: readonly ListedClient[]): void {
    this.#database.write(() => {
      const known = new Map(
        this.#database.rows<Contact & { listed: number }>(
          `SELECT ${COLUMNS}, listed FROM contacts`,
        ).map((row) => [encodeHex(row.clientId), row]),
      );
      const fresh = new Map(
        listed.map(({ clientId, name }) => [encodeHex(clientId), name]),
      );
      for (const [id, { contact, listed }] of known) {
        if (listed === 1 && !fresh.has(id)) {
          this.#set(contact, "listed = 0");
        }
      }
      // A list that gives one name twice gives it to the first.
      const taken = new Set<string>();
      for (const { clientId, name } of listed) {
        const row = known.get(encodeHex(clientId));
        if (row?.listed === 1 && row.name === name) taken.add(name);
        else if (!taken.has(name)) {
          taken.add(name);
          this.#list(row ?? this.withId(clientId), name);
        }
      }
    });
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
   * Makes the offered key the one that the user relies on. What was sent under
   * before isn't any more: whose it was is what was in doubt.
   */
  accept(contact: Contact, publicKey: Uint8Array): void {
    this.#database.write(() => {
      if (contact.succeeds !== null) {
        this.#set(contact.succeeds, "retired = 1");
      }
      this.#set(
        contact.contact,
        "succeeds = NULL, publicKey = NULL, offeredKey = NULL, sendingKey = NULL",
      );
      this.pinPublicKey(contact.contact, publicKey);
    });
  }

  /** All who are listed or have written or been written to, the latest conversation first. */
  summaries(): ContactSummary[] {
    return this.#database.rows<
      Contact & { unread: number; lastTime: number | null }
    >(
      `SELECT ${COLUMNS},
         (SELECT count(*) FROM messages m WHERE m.contact = c.contact
            AND m.outgoing = 0 AND m.shown IS NULL
            AND m.kind IN ('text', 'file', 'unreadable')) AS unread,
         (SELECT written FROM messages m WHERE m.contact = c.contact
            ORDER BY m.id DESC LIMIT 1) AS lastTime
       FROM contacts c
       WHERE retired = 0 AND (listed = 1 OR lastTime IS NOT NULL)
       ORDER BY lastTime IS NULL, lastTime DESC, name`,
    ).map((row) => ({
      name: labelOf(row),
      contactId: row.clientId,
      unread: Number(row.unread),
      lastTime: row.lastTime === null ? undefined : Number(row.lastTime),
      keyChanged: hasChanged(row),
    }));
  }

  #list(contact: Contact, name: string): void {
    const before = this.#database.row<{ contact: number; known: number }>(
      `SELECT contact, publicKey IS NOT NULL OR sendingKey IS NOT NULL
         OR EXISTS (SELECT 1 FROM messages m WHERE m.contact = c.contact) AS known
       FROM contacts c
       WHERE name = ? AND retired = 0 AND succeeds IS NULL AND contact <> ?`,
      name,
      contact.contact,
    );
    if (before !== undefined && before.known === 0) {
      this.#set(before.contact, "name = NULL");
    }
    const succeeds = before?.known === 1 ? before.contact : null;
    this.#database.run(
      "UPDATE contacts SET name = ?, listed = 1, succeeds = ?, retired = 0 WHERE contact = ?",
      name,
      succeeds,
      contact.contact,
    );
    if (succeeds !== null) return;
    // Whoever claimed the name meanwhile has lost it again.
    this.#database.run(
      "UPDATE contacts SET name = NULL, succeeds = NULL WHERE succeeds = ?",
      contact.contact,
    );
  }

  #set(contact: number, what: string): void {
    this.#database.run(
      `UPDATE contacts SET ${what} WHERE contact = ?`,
      contact,
    );
  }
}
