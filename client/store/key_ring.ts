import { importSymmetricKey } from "../../shared/crypto/crypto.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type { Contact, ContactRow } from "./contact_table.ts";
import type { StoreDatabase } from "./database.ts";

declare const brand: unique symbol;

/** Number of a symmetric key's row. */
export type KeyRow = number & { readonly [brand]: "KeyRow" };

/** Number of the newest keys that may count as recent. */
const MOST_RECENT = 2;
/** Milliseconds for which a replaced key counts as recent: 7 days. */
const RECENTLY = 7 * 24 * 3_600_000;

/**
 * The symmetric keys of each contact: all of them open messages, one of them
 * seals (MSG-5, MSG-6).
 */
export class KeyRing {
  readonly #database: StoreDatabase;
  /** Imported keys by their rows, which never change. */
  readonly #imported = new Map<KeyRow, CryptoKey>();

  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** All keys that open a contact's messages, the newest first. */
  async opening(contact: ContactRow): Promise<CryptoKey[]> {
    const rows = this.#database.rows<{ key: KeyRow; bytes: Uint8Array }>(
      "SELECT key, bytes FROM keys WHERE contact = ? ORDER BY key DESC",
      contact,
    );
    const keys: CryptoKey[] = [];
    for (const { key, bytes } of rows) {
      keys.push(await this.#import(key, bytes));
    }
    return keys;
  }

  /** The key that seals the user's messages to a contact; undefined where none is in use. */
  async sealing(
    contact: Contact,
    owner: ClientId,
  ): Promise<CryptoKey | undefined> {
    const key = this.sendingKey(contact, owner);
    return key && await this.known(key, contact.row, owner);
  }

  async #import(key: KeyRow, bytes: Uint8Array): Promise<CryptoKey> {
    const imported = this.#imported.get(key) ?? await importSymmetricKey(bytes);
    this.#imported.set(key, imported);
    return imported;
  }

  /**
   * The row of the key that seals the user's messages to a contact. Ignores keys
   * that were exchanged under another identity of the user.
   */
  sendingKey(
    { sendingKey }: Pick<Contact, "sendingKey">,
    owner: ClientId,
  ): KeyRow | undefined {
    return this.#database.row<{ key: KeyRow }>(
      "SELECT key FROM keys WHERE key = ? AND owner = ?",
      sendingKey,
      owner,
    )?.key;
  }

  /**
   * The rows of the keys that sealed the user's recent messages to a contact, the
   * one in use last; empty where none is in use.
   */
  recent(contact: Contact, owner: ClientId): KeyRow[] {
    const inUse = this.sendingKey(contact, owner);
    if (inUse === undefined) return [];
    const newest = this.#database.rows<{ key: KeyRow; time: number }>(
      "SELECT key, time FROM keys WHERE contact = ? AND owner = ? ORDER BY key DESC LIMIT ?",
      contact.row,
      owner,
      MOST_RECENT,
    );
    const rows = [inUse];
    let replaced = Date.now();
    for (const { key, time } of newest) {
      const isRecent = Math.abs(Date.now() - replaced) < RECENTLY;
      if (isRecent && key !== inUse) rows.unshift(key);
      replaced = time;
    }
    return rows;
  }

  /**
   * A key that may be sent to its contact.
   *
   * @returns undefined where it belongs to another contact, or to an earlier
   * public key of the contact
   */
  async known(
    key: KeyRow,
    contact: ContactRow,
    owner: ClientId,
  ): Promise<CryptoKey | undefined> {
    const row = this.#database.row<{ bytes: Uint8Array }>(
      "SELECT bytes FROM keys WHERE key = ? AND contact = ? AND owner = ?",
      key,
      contact,
      owner,
    );
    return row && await this.#import(key, row.bytes);
  }

  /** Adds a key that the user has exchanged with a contact; returns its row. */
  add(contact: ContactRow, bytes: Uint8Array, owner: ClientId): KeyRow {
    return this.#database.write(() => {
      this.#database.run(
        "INSERT INTO keys (contact, owner, bytes, time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        contact,
        owner,
        bytes,
        Date.now(),
      );
      return this.#database.one<{ key: KeyRow }>(
        "SELECT key FROM keys WHERE contact = ? AND owner = ? AND bytes = ?",
        contact,
        owner,
        bytes,
      ).key;
    });
  }

  /** Makes a key the one that seals messages to a contact; undefined for a new one with the next message. */
  use(contact: ContactRow, key: KeyRow | undefined): void {
    this.#database.run(
      "UPDATE contacts SET sendingKey = ? WHERE contact = ?",
      key,
      contact,
    );
  }
}
