import { importSymmetricKey } from "../../shared/crypto.ts";
import type { ClientId } from "../../shared/protocol.ts";
import { LegacyChannel } from "../channel.ts";
import type { Contact } from "./contact_book.ts";
import type { StoreDatabase } from "./database.ts";

/**
 * The symmetric keys of each contact: all that ever were, to read with, and
 * which one to send under (MSG-5, MSG-6).
 */
export class KeyRing {
  readonly #database: StoreDatabase;
  /** Imported keys by their rows, which never change. */
  readonly #imported = new Map<number, CryptoKey>();

  /** Keeps them in this database. */
  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** The channel between the user and a contact, with all keys that are known now. */
  async channel(contact: Contact, owner: ClientId): Promise<LegacyChannel> {
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
    const sealing = this.sendingKey(contact, owner);
    return new LegacyChannel(
      keys,
      sealing === undefined ? undefined : this.#imported.get(sealing),
    );
  }

  /**
   * The row of the key that the user's texts to a contact go under. A key that
   * the user had under another identity is no more use: nobody else has it.
   */
  sendingKey(
    { sendingKey }: Pick<Contact, "sendingKey">,
    owner: ClientId,
  ): number | undefined {
    return this.#database.row<{ key: number }>(
      "SELECT key FROM keys WHERE key = ? AND owner = ?",
      sendingKey,
      owner,
    )?.key;
  }

  /** Writes a key down that the user exchanged with a contact, to read with; returns its row. */
  add(contact: number, bytes: Uint8Array, owner: ClientId): number {
    return this.#database.write(() => {
      this.#database.run(
        "INSERT INTO keys (contact, owner, bytes, time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        contact,
        owner,
        bytes,
        Date.now(),
      );
      const row = this.#database.row<{ key: number }>(
        "SELECT key FROM keys WHERE contact = ? AND owner = ? AND bytes = ?",
        contact,
        owner,
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
