import { Database } from "@db/sqlite";
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { copyTables } from "../store/copy_tables.ts";
import type { StoreDatabase } from "../store/database.ts";
import { createTables, rowSource } from "../store/schema.ts";
import { createTransferTables, Digest } from "./archive_form.ts";
import { readSaved, UnreadableFile } from "../store/saved_file.ts";

/** An archive that is made; it is none before its end. */
export class ArchiveWriter implements Disposable {
  readonly #database: Database;
  readonly #identity: string;
  readonly #digest = new Digest();

  /**
   * Copies a store into an empty file.
   *
   * @param identity the text of `info.me`
   * @throws {FolderError} where the store can't be read
   */
  constructor(path: string, store: StoreDatabase, identity: string) {
    // SQLite would take some names for more than a file's.
    this.#database = new Database(resolve(path), { int64: true });
    this.#identity = identity;
    this.#digest.add([identity]);
    try {
      // Until it is whole and on the disk it has no name that counts. A contact
      // and its key name each other.
      this.#database.exec(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN",
      );
      createTables(this.#database);
      store.snapshot(() =>
        copyTables(store, this.#database, (row) => this.#digest.add(row))
      );
      createTransferTables(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** How many messages there are. */
  get messages(): number {
    return Number(
      this.#database.prepare<{ count: number }>(
        "SELECT count(*) AS count FROM messages",
      ).get()?.count,
    );
  }

  /** The received files, where they were saved, in the order to pack them in. */
  get savedFiles(): { message: number; path: string }[] {
    return rowSource(this.#database).rows<{ id: number; path: string }>(
      "SELECT id, path FROM messages WHERE outgoing = 0 AND kind = 'file' AND path IS NOT NULL ORDER BY id",
    ).map(({ id, path }) => ({ message: Number(id), path }));
  }

  /** Takes a received file in; whether it could be read. */
  async pack(message: number, path: string): Promise<boolean> {
    const insert = this.#database.prepare(
      "INSERT INTO transferFiles VALUES (?, ?, ?)",
    );
    const hash = createHash("sha256");
    try {
      let piece = 0;
      for await (const bytes of readSaved(path)) {
        insert.run(message, piece++, bytes);
        hash.update(bytes);
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      this.#database.prepare("DELETE FROM transferFiles WHERE message = ?")
        .run(message);
      return false;
    }
    this.#digest.add([message, hash.digest()]);
    return true;
  }

  /** Makes it an archive; nothing can be taken in any more. */
  end(): void {
    this.#database.prepare("INSERT INTO transfer VALUES (?, ?)")
      .run(this.#identity, this.#digest.end());
    this.#database.exec("COMMIT");
    this.#database.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}
