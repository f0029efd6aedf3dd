import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { type BindValue, Database } from "@db/sqlite";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UserError } from "../errors.ts";
import {
  createStore,
  type RowSource,
  rowSource,
  schemaOf,
} from "../store/schema.ts";
import {
  type ArchiveHeader,
  archiveSchema,
  checkHeader,
  copyTables,
  Digest,
} from "./archive_form.ts";

const EXPECTED = "Expected a file that export made, unchanged";

/** The error where a file isn't an archive, or a damaged one. */
export function badArchive(path: string, cause: unknown): UserError {
  return new UserError(
    `${path} can't be imported: ${reasonOf(cause)}`,
    cause instanceof Deno.errors.NotCapable
      ? "What comes through a pipe is taken with: import -"
      : EXPECTED,
    { cause },
  );
}

/**
 * Reads an archive in order: the store, then the files. Its SQL isn't trusted.
 */
export class ArchiveReader implements RowSource, Disposable {
  /** The text of `info.me`. */
  readonly identity: string;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly #path: string;
  readonly #storeVersion: number;
  readonly #database: Database;
  readonly #digest = new Digest();
  readonly #expected: Uint8Array;

  private constructor(file: string, path: string, header: ArchiveHeader) {
    this.#path = path;
    this.size = header.size;
    this.#storeVersion = header.storeVersion;
    // SQLite treats names such as ":memory:" specially.
    this.#database = new Database(resolve(file), {
      int64: true,
      readonly: true,
    });
    try {
      this.#database.exec("PRAGMA trusted_schema = OFF");
      this.#check();
      const [row, ...more] = rowSource(this.#database).rows<
        { identity: string; digest: Uint8Array }
      >("SELECT identity, digest FROM transfer LIMIT 2");
      if (!(row?.digest instanceof Uint8Array) || more.length > 0) {
        throw new Error("it has no digest");
      }
      this.identity = row.identity;
      this.#expected = row.digest;
      this.#digest.add([row.identity]);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /**
   * Opens an archive.
   *
   * @param path its name in error messages
   * @throws {UserError} where it isn't an archive, is damaged, or has another version
   */
  static async open(file: string, path: string): Promise<ArchiveReader> {
    try {
      return new ArchiveReader(file, path, await checkHeader(file));
    } catch (cause) {
      throw badArchive(path, cause);
    }
  }

  /** Number of messages. */
  get messages(): number {
    const [row] = this.rows<{ count: number }>(
      "SELECT count(*) AS count FROM messages",
    );
    return Number(row?.count);
  }

  /** The messages whose files are in the archive, in the order of reading. */
  get packedFiles(): number[] {
    const packed = this.rows<{ message: number; known: number }>(
      `SELECT DISTINCT message, EXISTS (SELECT 1 FROM messages
         WHERE id = message AND outgoing = 0 AND kind = 'file') AS known
       FROM transferFiles ORDER BY message`,
    );
    if (packed.some(({ known }) => Number(known) !== 1)) {
      throw badArchive(this.#path, "it has files without a message");
    }
    return packed.map(({ message }) => Number(message));
  }

  /** All rows of a query. @throws {UserError} where the file is damaged */
  rows<T extends object>(sql: string, ...params: BindValue[]): T[] {
    try {
      return rowSource(this.#database).rows<T>(sql, ...params);
    } catch (cause) {
      throw badArchive(this.#path, cause);
    }
  }

  /**
   * Restores the store into an empty file, with the tables of the archive's
   * version: the first client that opens it brings them up to date.
   *
   * @param pathOf returns the future path of a message's file
   */
  restore(path: string, pathOf: (message: number) => string): void {
    const store = new Database(resolve(path), { int64: true });
    try {
      createStore(store, this.#storeVersion);
      // No other client sees it until it has its final name.
      store.exec(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN",
      );
      copyTables(this, store, (row) => this.#digest.add(row));
      // The saved paths aren't valid on another machine.
      store.exec("UPDATE messages SET path = NULL WHERE outgoing IS NOT 1");
      const set = store.prepare("UPDATE messages SET path = ? WHERE id = ?");
      for (const message of this.packedFiles) set.run(pathOf(message), message);
      store.exec("COMMIT");
    } finally {
      store.close();
    }
  }

  /** The bytes of a message's file, piece by piece. */
  *pieces(message: number): Generator<Uint8Array, void, void> {
    const hash = createHash("sha256");
    for (let piece = 0;; piece++) {
      const [row] = this.rows<{ bytes: Uint8Array }>(
        "SELECT bytes FROM transferFiles WHERE message = ? AND piece = ?",
        message,
        piece,
      );
      if (row === undefined) break;
      if (!(row.bytes instanceof Uint8Array)) {
        throw badArchive(this.#path, "it has files that are no bytes");
      }
      hash.update(row.bytes);
      yield row.bytes;
    }
    this.#digest.add([message, hash.digest()]);
  }

  /** Verifies the digest after all was read. @throws {UserError} where it differs */
  end(): void {
    const digest = this.#digest.end();
    if (digest.toHex() !== this.#expected.toHex()) {
      throw badArchive(this.#path, "it is damaged: its digest is another one");
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #check(): void {
    const source = rowSource(this.#database);
    // The schema is checked first, since views and triggers execute code.
    const schema = JSON.stringify(schemaOf(source));
    if (schema !== JSON.stringify(archiveSchema(this.#storeVersion))) {
      throw new Error("its tables aren't those that export makes");
    }
    const [row] = source.rows<{ integrity_check: string }>(
      "PRAGMA integrity_check(1)",
    );
    if (row?.integrity_check !== "ok") {
      throw new Error(`it is damaged: ${row?.integrity_check}`);
    }
  }
}
