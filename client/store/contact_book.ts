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

/** A contact as a list of the relay finds it. */
interface Listing extends Contact {
  listed: number;
  retired: number;
  /** Whether the user has to do with it, so that its name is its own. */
  known: number;
}

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
   */
  update(listed: readonly ListedClient[]): void {
    this.#database.write(() => {
      const rows = new Map(
        this.#database.rows<Listing>(
          `SELECT ${COLUMNS}, listed, retired,
             publicKey IS NOT NULL OR sendingKey IS NOT NULL
             OR EXISTS (SELECT 1 FROM messages m WHERE m.contact = c.contact)
               AS known
           FROM contacts c`,
        ).map((row) => [encodeHex(row.clientId), row]),
      );
      const owners = new Map<string, Listing>();
      for (const row of rows.values()) {
        if (row.name !== null && row.retired === 0 && row.succeeds === null) {
          owners.set(row.name, row);
        }
      }
      const fresh = new Set(listed.map(({ clientId }) => encodeHex(clientId)));
      for (const [id, row] of rows) {
        if (row.listed === 1 && !fresh.has(id)) this.#set(row, "listed = 0");
      }
      for (const [name, ids] of byName(listed)) {
        this.#list(name, ids, rows, owners.get(name));
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
      if (succeeds !== null) this.#dropClaims(succeeds);
      return true;
    });
  }

  /** All who are listed or have written or been written to, the latest conversation first. */
  summaries(): ContactSummary[] {
    // Whoever only claims a name is shown with whose it is.
    const same =
      "m.contact IN (SELECT contact FROM contacts x WHERE x.contact = c.contact OR x.name = c.name)";
    return this.#database.rows<
      Contact & { unread: number; lastTime: number | null; claimed: number }
    >(
      // By number: a time may be a wrong clock's.
      `SELECT s.*, written AS lastTime
       FROM (
         SELECT ${COLUMNS}, listed,
           (SELECT count(*) FROM messages m WHERE ${same}
              AND m.outgoing = 0 AND m.shown IS NULL
              AND m.kind IN ('text', 'file', 'unreadable')) AS unread,
           (SELECT max(m.id) FROM messages m WHERE ${same}) AS last,
           EXISTS (SELECT 1 FROM contacts x
              WHERE x.succeeds = c.contact AND x.retired = 0) AS claimed
         FROM contacts c WHERE retired = 0 AND succeeds IS NULL
       ) s LEFT JOIN messages ON id = last
       WHERE listed = 1 OR claimed = 1 OR last IS NOT NULL
       ORDER BY last IS NULL, last DESC, name`,
    ).map((row) => ({
      name: labelOf(row),
      contactId: row.clientId,
      unread: Number(row.unread),
      lastTime: row.lastTime === null ? undefined : Number(row.lastTime),
      keyChanged: hasChanged(row) || row.claimed === 1,
    }));
  }

  /** Gives a name to the first whom the relay lists under it, as far as it isn't somebody else's. */
  #list(
    name: string,
    ids: readonly ClientId[],
    rows: ReadonlyMap<string, Listing>,
    owner: Listing | undefined,
  ): void {
    const rowOf = (id: ClientId) => rows.get(encodeHex(id));
    for (const id of ids) {
      const row = rowOf(id);
      if (row === undefined) {
        this.#database.run(
          "INSERT INTO contacts (clientId, listed) VALUES (?, 1) ON CONFLICT DO NOTHING",
          id,
        );
      } else if (row.listed === 0) this.#set(row, "listed = 1");
    }
    const isOwners = owner !== undefined &&
      ids.some((id) => rowOf(id) === owner);
    if (isOwners) return this.#dropClaims(owner.contact);
    const [first] = ids;
    if (first === undefined || name === "") return;
    const row = rowOf(first);
    const hasOther = row?.known === 1 && row.name !== null && row.name !== name;
    if (hasOther) return;
    const succeeds = owner?.known === 1 ? owner.contact : null;
    if (succeeds !== null) {
      if (row?.succeeds === succeeds && row.retired === 0) return;
      this.#dropClaims(succeeds);
    } else if (owner !== undefined) {
      this.#set(owner, "name = NULL");
    }
    this.#database.run(
      "UPDATE contacts SET name = ?, succeeds = ?, retired = 0 WHERE clientId = ?",
      name,
      succeeds,
      first,
    );
  }

  /** Whoever claimed the contact's name has no claim any more; what was said stays where it is. */
  #dropClaims(contact: number): void {
    this.#database.run(
      "UPDATE contacts SET retired = 1, offeredKey = NULL, toldKey = NULL WHERE succeeds = ? AND retired = 0",
      contact,
    );
  }

  #set({ contact }: Pick<Contact, "contact">, what: string): void {
    this.#database.run(
      `UPDATE contacts SET ${what} WHERE contact = ?`,
      contact,
    );
  }
}

/** The ids that a list gives for each name; those without a name for none. */
function byName(listed: readonly ListedClient[]): Map<string, ClientId[]> {
  const ids = new Map<string, ClientId[]>();
  for (const { clientId, name } of listed) {
    const same = ids.get(name);
    if (same === undefined) ids.set(name, [clientId]);
    else same.push(clientId);
  }
  return ids;
}
