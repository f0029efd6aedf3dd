import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { Database } from "@db/sqlite";
import { findFile, formatInfoMe } from "../../shared/folder/info_files.ts";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  createPrivate,
  moveNew,
  removeIfThere,
  syncFile,
  syncFolder,
  writeAll,
} from "../../shared/folder/durable_files.ts";
import { FolderError, NotRegisteredError, UserError } from "../errors.ts";
import { parseIdentity } from "../../shared/identity/parse_identity.ts";
import { pathOfIdentity, readFolderIdentity } from "../keys/identity.ts";
import { countWaiting } from "../session/journal.ts";
import type { StoreDatabase } from "../store/database.ts";
import type { ClientStore } from "../store/store.ts";
import {
  readPieces,
  readSaved,
  UnreadableFile,
} from "../session/received_files.ts";
import { UnreadMessages } from "../session/unread_messages.ts";
import {
  cannotWrite,
  draftOf,
  nameTaken,
  removeDraftsOf,
} from "../store/folder.ts";
import { createTables, rowSource } from "../store/schema.ts";
import { encryptArchive } from "./archive_encryption.ts";
import { rememberExport } from "./last_export.ts";
import { copyTables, createTransferTables, Digest } from "./archive_form.ts";

/** The counts of an export. */
export interface Exported {
  /** Messages of all conversations. */
  messages: number;
  /** Received files. */
  files: number;
  /** Received files that are gone or can't be read. */
  missing: number;
}

/** The counts of an exported archive. */
export interface ExportedArchive extends Exported {
  /** Files with messages that couldn't be decrypted; they aren't exported. */
  unread: number;
}

/** How an archive is made. */
export interface ExportOptions {
  /**
   * Called for the passphrase that encrypts the archive, once it can be made;
   * undefined leaves it readable.
   */
  passphrase: (() => Promise<string>) | undefined;
  /** Default: the platform of this process. */
  platform?: Platform;
}

/**
 * Writes the identity, the keys, the history and the received files into one new
 * file with mode 0600, atomically.
 *
 * @throws {UserError} where the file exists or can't be written
 */
export async function exportArchive(
  dir: string,
  store: ClientStore,
  path: string,
  { passphrase, platform }: ExportOptions,
): Promise<ExportedArchive> {
  await requireIdentity(dir);
  await refuseExistingFile(path);
  const secret = await passphrase?.();
  const draft = draftOf(path);
  try {
    await removeDraftsOf(path);
    const exported = secret === undefined
      ? await fill(dir, store, draft)
      : await seal(dir, store, draft, secret, platform);
    await syncFile(draft);
    await moveNew(draft, path);
    await syncFolder(dirname(path));
    await rememberExport(dir);
    return exported;
  } catch (cause) {
    await removeIfThere(draft);
    if (cause instanceof UserError) throw cause;
    throw cannotWrite(path, cause);
  }
}

/** Fills a new file with an encrypted archive. */
async function seal(
  dir: string,
  store: ClientStore,
  path: string,
  passphrase: string,
  platform: Platform | undefined,
): Promise<ExportedArchive> {
  using file = await createPrivate(path);
  using plain = await PlainArchive.make(dir, store, platform);
  for await (const bytes of encryptArchive(plain.file, passphrase)) {
    await writeAll(file, bytes);
  }
  return plain.exported;
}

/**
 * Writes the same archive piece by piece.
 *
 * @throws {UserError} where it can't be made
 */
export async function exportToStream(
  dir: string,
  store: ClientStore,
  write: (bytes: Uint8Array) => Promise<void>,
  { passphrase, platform }: ExportOptions,
): Promise<ExportedArchive> {
  await requireIdentity(dir);
  const secret = await passphrase?.();
  using plain = await PlainArchive.make(dir, store, platform);
  const bytes = secret === undefined
    ? readPieces(plain.file)
    : encryptArchive(plain.file, secret);
  for await (const piece of bytes) await write(piece);
  await rememberExport(dir);
  return plain.exported;
}

/** Start of the name of a {@linkcode PlainArchive}'s file. */
const PLAIN = "info.export";
/** Milliseconds to wait while another client makes an archive. */
const PATIENCE = 60_000;

/**
 * A readable archive that is still to be written elsewhere. It is in the client's
 * folder, where its secrets are anyway, in a file that loses its name as soon as
 * it is complete, or once it is closed where the system requires that.
 */
class PlainArchive implements Disposable {
  readonly exported: ExportedArchive;
  readonly file: Deno.FsFile;
  readonly #path: string;
  readonly #platform: Platform;

  private constructor(
    path: string,
    exported: ExportedArchive,
    platform: Platform,
  ) {
    this.#path = path;
    this.#platform = platform;
    this.exported = exported;
    this.file = Deno.openSync(path);
    if (platform.removesOpenFiles) Deno.removeSync(path);
  }

  /** Makes an archive. @throws {UserError} where it can't be made */
  static async make(
    dir: string,
    store: ClientStore,
    platform: Platform = thisPlatform,
  ): Promise<PlainArchive> {
    using lock = await store.lock("export", PATIENCE);
    if (lock === undefined) {
      throw new UserError(
        `Another client is exporting ${dir}, and has been for a minute`,
        "Wait for it, or end it",
      );
    }
    const stem = `${dir}/${PLAIN}`;
    const path = draftOf(stem);
    try {
      await removeDraftsOf(stem);
      return new PlainArchive(path, await fill(dir, store, path), platform);
    } catch (cause) {
      await removeIfThere(path);
      if (cause instanceof UserError) throw cause;
      throw new FolderError(
        `The archive can't be made in ${dir}: ${reasonOf(cause)}`,
        "See that the folder can be written and has room for all messages and files",
        { cause },
      );
    }
  }

  /** Closes and removes the file. */
  [Symbol.dispose](): void {
    this.file.close();
    if (!this.#platform.removesOpenFiles) Deno.removeSync(this.#path);
  }
}

/** @throws {NotRegisteredError} where the folder has no identity */
async function requireIdentity(dir: string): Promise<void> {
  if (await pathOfIdentity(dir) === undefined) throw new NotRegisteredError();
}

/** Refuses a path that is taken before the long work begins. */
async function refuseExistingFile(path: string): Promise<void> {
  const found = await findFile(dirname(path), [basename(path)])
    .catch((cause) => {
      throw cannotWrite(path, cause);
    });
  if (found !== undefined) throw nameTaken(path);
}

/** Fills a new file with mode 0600 with a readable archive. */
async function fill(
  dir: string,
  store: ClientStore,
  path: string,
): Promise<ExportedArchive> {
  const parsed = await readFolderIdentity(dir, parseIdentity);
  if (parsed === undefined) throw new NotRegisteredError();
  const waiting = await countWaiting(dir);
  if (waiting > 0) {
    throw new UserError(
      `${waiting} received responses in ${dir} (info.inbox.*) aren't processed yet`,
      "Run pull first: the relay no longer has them",
    );
  }
  const { files: unread } = await new UnreadMessages(dir).summary();
  // SQLite fills an empty file and keeps its mode.
  (await createPrivate(path)).close();
  // The identity's file may be in a binary form; the archive has our text form.
  const identity = formatInfoMe(parsed.me);
  using archive = new ArchiveWriter(path, store.database, identity);
  const exported = { messages: archive.messages, files: 0, missing: 0, unread };
  for (const { message, path } of archive.savedFiles) {
    if (await archive.pack(message, path)) exported.files++;
    else exported.missing++;
  }
  archive.end();
  return exported;
}

/** Writes an archive, which is complete only after {@linkcode end}. */
class ArchiveWriter implements Disposable {
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
    // SQLite treats names such as ":memory:" specially.
    this.#database = new Database(resolve(path), { int64: true });
    this.#identity = identity;
    this.#digest.add([identity]);
    try {
      // The draft needs no journal: only a complete archive gets its name. A
      // contact and its key refer to each other.
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

  /** Number of messages. */
  get messages(): number {
    return Number(
      this.#database.prepare<{ count: number }>(
        "SELECT count(*) AS count FROM messages",
      ).get()?.count,
    );
  }

  /** The received files with their paths, in the order of packing. */
  get savedFiles(): { message: number; path: string }[] {
    return rowSource(this.#database).rows<{ id: number; path: string }>(
      "SELECT id, path FROM messages WHERE outgoing = 0 AND kind = 'file' AND path IS NOT NULL ORDER BY id",
    ).map(({ id, path }) => ({ message: Number(id), path }));
  }

  /** Adds a received file; returns false where it can't be read. */
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

  /** Completes the archive; nothing can be added any more. */
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
