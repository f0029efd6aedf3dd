import { importSymmetricKey } from "../../shared/crypto.ts";
import { LegacyChannel } from "../channel.ts";
import type { Contact } from "./contact_book.ts";
import type { StoreDatabase } from "./database.ts";

/**
 * The symmetric keys of each contact: all that ever were, to read with, and
 * which one to send under (section 4, point 6).
 */
export class KeyRing {
  readonly #database: StoreDatabase;
  /** Imported keys by their rows, which never change. */
  readonly #imported = new Map<number, CryptoKey>();

  /** Keeps them in this database. */
  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** The channel to a contact, with all keys that are known now. */
  async channel(contact: Contact): Promise<LegacyChannel> {
    const rows = this.#database.rows<{ key: number; bytes: Uint8Array }>(
      "SELECT key, bytes FROM keys WHERE contact = ? ORDER BY key DESC",
      contact.contact,
    );
    const keys: CryptoKey[] = [];
    for (const { key, bytes } of rows) {
      const imported = this.#imported.get(key) ??
        await importSymmetricKey(bytes);
      this.#imported.set(key, imported);
      keys.push(imported);
    }
    const sealing = contact.sendingKey === null
      ? undefined
      : this.#imported.get(contact.sendingKey);
    return new LegacyChannel(keys, sealing);
  }

  /** Writes a key down, to read with; returns its row. */
  add(contact: number, bytes: Uint8Array): number {
    return this.#database.write(() => {
      this.#database.run(
        "INSERT INTO keys (contact, bytes, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        contact,
        bytes,
        Date.now(),
      );
      const row = this.#database.row<{ key: number }>(
        "SELECT key FROM keys WHERE contact = ? AND bytes = ?",
        contact,
        bytes,
      );
      return Number(row?.key);
    });
  }

  /** Texts go out under this key from now on. */
  sendUnder(contact: number, key: number): void {
    this.#database.run(
      "UPDATE contacts SET sendingKey = ? WHERE contact = ?",
      key,
      contact,
    );
  }
}
