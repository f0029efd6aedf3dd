/**
 * The file that moves a client to another machine: a copy of its store, with
 * the identity and the received files in tables beside.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { reasonOf } from "../../shared/reason.ts";
import { writeAll } from "../durable_files.ts";
import { UserError } from "../errors.ts";
import { copyTables } from "../store/copy_tables.ts";
import type { StoreDatabase } from "../store/database.ts";

/** "MsgU": in the file's header, so that no other SQLite file is taken for one. */
const APPLICATION_ID = 0x4d736755;
/** What this program writes and reads. */
const VERSION = 1;
/** Bytes of a received file that are in one row. */
const PIECE_SIZE = 1024 * 1024;

const TABLES = `
CREATE TABLE transfer (version INTEGER NOT NULL, identity TEXT NOT NULL);
CREATE TABLE transferFiles (
  message INTEGER NOT NULL,
  piece INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (message, piece)
);
PRAGMA application_id = ${APPLICATION_ID};
`;

/** An archive that is made or read; nobody else has it open. */
export class Archive implements Disposable {
  readonly #path: string;
  readonly #database: Database;

  private constructor(path: string) {
    this.#path = path;
    this.#database = new Database(path, { int64: true });
    // Until it is whole and on the disk it has no name that counts.
    this.#database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  }

  /** Makes an archive of a store in an empty file. */
  static make(path: string, store: StoreDatabase, identity: string): Archive {
    const archive = new Archive(path);
    store.copyInto(archive.#database);
    archive.#database.exec(TABLES);
    archive.#database.prepare("INSERT INTO transfer VALUES (?, ?)")
      .run(VERSION, identity);
    // Nobody is sending from a copy.
    archive.#database.exec("UPDATE messages SET sender = NULL");
    return archive;
  }

  /**
   * Opens an archive.
   *
   * @throws {UserError} where it is none, damaged, or of a newer version
   */
  static open(path: string, name: string): Archive {
    let archive: Archive | undefined;
    try {
      archive = new Archive(path);
      archive.#check();
      return archive;
    } catch (cause) {
      archive?.[Symbol.dispose]();
      throw new UserError(
        `${name} can't be imported: ${reasonOf(cause)}`,
        "Expected a file that export made",
        { cause },
      );
    }
  }

  /** The text of `info.me`. */
  get identity(): string {
    const row = this.#database.prepare<{ identity: string }>(
      "SELECT identity FROM transfer",
    ).get();
    return row?.identity ?? "";
  }

  /** How many messages there are. */
  get messages(): number {
    const row = this.#database.prepare<{ count: number }>(
      "SELECT count(*) AS count FROM messages",
    ).get();
    return Number(row?.count ?? 0);
  }

  /** The received files, where they were saved. */
  get savedFiles(): { message: number; path: string }[] {
    return this.#database.prepare<{ id: number; path: string }>(
      "SELECT id, path FROM messages WHERE outgoing = 0 AND kind = 'file' AND path IS NOT NULL",
    ).all().map(({ id, path }) => ({ message: Number(id), path }));
  }

  /** The messages whose files are in the archive. */
  get packedFiles(): number[] {
    return this.#database.prepare<{ message: number }>(
      "SELECT DISTINCT message FROM transferFiles ORDER BY message",
    ).all().map(({ message }) => Number(message));
  }

  /** Takes a received file in. */
  async pack(message: number, file: Deno.FsFile): Promise<void> {
    const insert = this.#database.prepare(
      "INSERT INTO transferFiles VALUES (?, ?, ?)",
    );
    for (let piece = 0;; piece++) {
      const bytes = await readPiece(file);
      // An empty file has a piece too, or it would be none.
      if (bytes.length === 0 && piece > 0) return;
      insert.run(message, piece, bytes);
    }
  }

  /** Writes a received file out; the message's path is then this one. */
  async unpack(
    message: number,
    file: Deno.FsFile,
    path: string,
  ): Promise<void> {
    const select = this.#database.prepare<{ bytes: Uint8Array }>(
      "SELECT bytes FROM transferFiles WHERE message = ? AND piece = ?",
    );
    for (let piece = 0;; piece++) {
      const bytes = select.get(message, piece)?.bytes;
      if (bytes === undefined) break;
      await writeAll(file, bytes);
    }
    this.#database.prepare("UPDATE messages SET path = ? WHERE id = ?")
      .run(path, message);
  }

  /** Makes a store of it in a new file: what only an archive has stays behind. */
  restore(path: string): void {
    const store = new Database(path, { int64: true });
    try {
      // Until it has its final name nobody else sees it.
      store.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
      copyTables(this.#database, store, (name) => !name.startsWith("transfer"));
    } finally {
      store.close();
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #check(): void {
    const pragma = (name: string) =>
      Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    if (Number(pragma("application_id")) !== APPLICATION_ID) {
      throw new Error(`${this.#path} is no file of this kind`);
    }
    const version = Number(
      this.#database.prepare<{ version: number }>(
        "SELECT version FROM transfer",
      ).get()?.version,
    );
    if (version !== VERSION) {
      throw new Error(`it is of version ${version}, expected ${VERSION}`);
    }
    const verdict = pragma("integrity_check");
    if (verdict !== "ok") throw new Error(`it is damaged: ${verdict}`);
  }
}

async function readPiece(file: Deno.FsFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(PIECE_SIZE);
  let size = 0;
  while (size < PIECE_SIZE) {
    const count = await file.read(bytes.subarray(size));
    if (count === null) break;
    size += count;
  }
  return bytes.subarray(0, size);
}
