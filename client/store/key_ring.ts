import { importSymmetricKey } from "../../shared/crypto/crypto.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { LegacyChannel } from "../session/channel.ts";
import type { Contact } from "./contact_book.ts";
import type { StoreDatabase } from "./database.ts";

/** Newest keys that are looked at where the latest ones are wanted. */
const MOST_LATELY = 2;
/** Milliseconds for which a replaced key counts as one of the latest: 7 days. */
const LATELY = 7 * 24 * 3_600_000;

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

  /**
   * The rows of the keys that the user's texts to a contact went under lately,
   * the one in use last; none where none is in use.
   */
  lately(contact: Contact, owner: ClientId): number[] {
    const inUse = this.sendingKey(contact, owner);
    if (inUse === undefined) return [];
    const newest = this.#database.rows<{ key: number; time: number }>(
      "SELECT key, time FROM keys WHERE contact = ? AND owner = ? ORDER BY key DESC LIMIT ?",
      contact.contact,
      owner,
      MOST_LATELY,
    );
    const rows = [inUse];
    let replaced = Date.now();
    for (const { key, time } of newest) {
      const isLate = Math.abs(Date.now() - replaced) < LATELY;
      if (isLate && key !== inUse) rows.unshift(key);
      replaced = Number(time);
    }
    return rows;
  }

  /**
   * A key's 16 bytes, to be sent to its contact.
   *
   * @returns undefined where it isn't the contact's, or was before the contact's
   * public key changed
   */
  bytesOf(
    key: number,
    contact: number,
    owner: ClientId,
  ): Uint8Array | undefined {
    return this.#database.row<{ bytes: Uint8Array }>(
      "SELECT bytes FROM keys WHERE key = ? AND contact = ? AND owner = ?",
      key,
      contact,
      owner,
    )?.bytes;
  }

  /** No key is in use any more, so that the next one to be sent is a new one. */
  retire(contact: number): void {
    this.#database.run(
      "UPDATE contacts SET sendingKey = NULL WHERE contact = ?",
      contact,
    );
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
