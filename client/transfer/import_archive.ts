/**
 * Imports an archive into a folder. The content is prepared in a draft folder.
 * Renaming that to its final name commits the import; after an interruption, the
 * next client in the folder completes it.
 *
 * @module
 */

import { join } from "node:path";
import { findFile, type InfoMe } from "../../shared/folder/info_files.ts";
import { parseInfoMe } from "../../shared/identity/parse_identity.ts";
import { formatBytes } from "../../shared/cli/figures.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  createPrivate,
  freeSpace,
  makePrivateFolder,
  move,
  removeIfThere,
  syncContent,
  syncFile,
  syncFolder,
  writeAll,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import { FolderError, UserError } from "../errors.ts";
import { refuseExisting } from "../keys/identity.ts";
import { DATABASE, STORE_FOLDER, StoreDatabase } from "../store/database.ts";
import { EncryptedArchive } from "./archive_encryption.ts";
import { ArchiveReader, badArchive } from "./archive_reader.ts";
import { savePiped } from "../session/outgoing_file.ts";
import { draftOf, READY, removeDraftsOf, takeFolder } from "../store/folder.ts";
import { finishImport, IDENTITY } from "./finish_import.ts";

/** The folder of received files within the store's. */
const FILES = "files";

/** An imported identity, with counts. */
export interface Imported {
  /** The user's name. */
  name: string;
  /** The user's id, in hex digits. */
  id: string;
  /** Messages of all conversations. */
  messages: number;
  /** Received files. */
  files: number;
}

/** How an archive is unlocked. */
export interface Unlocking {
  /** Called for the passphrase of an encrypted archive. */
  passphrase: () => Promise<string>;
  /** Whether an archive that isn't encrypted is refused. */
  isExpected: boolean;
}

/**
 * Imports the archive on standard input into a folder without an identity,
 * atomically.
 *
 * @throws {UserError} where the folder is taken, or the archive can't be used
 */
export async function importPiped(
  dir: string,
  stdin: ReadableStream<Uint8Array>,
  unlocking: Unlocking,
): Promise<Imported> {
  await refuseTaken(dir);
  const temporary = await Deno.makeTempDir({ prefix: "messageu-" });
  try {
    const archive = `${temporary}/archive`;
    await savePiped(archive, stdin);
    return await importArchive(dir, archive, unlocking, "Standard input");
  } finally {
    await removeIfThere(temporary);
  }
}

/**
 * Imports an archive into a folder without an identity, atomically. An encrypted
 * archive is checked to its end before the folder is made.
 *
 * @param file the archive's path
 * @param path its name in error messages
 * @throws {WrongPassphraseError} where the passphrase isn't the archive's
 * @throws {UserError} where the folder is taken, or the archive can't be used
 */
export async function importArchive(
  dir: string,
  file: string,
  unlocking: Unlocking,
  path: string = file,
): Promise<Imported> {
  await refuseTaken(dir);
  const encrypted = await unlock(file, unlocking, path);
  if (encrypted === undefined) {
    using archive = await ArchiveReader.open(file, path);
    const me = await identityOf(archive, path);
    using _ = await takeFolder(dir);
    await removeDraftsOf(`${dir}/${READY}`);
    return await take(dir, archive, me, path);
  }
  const plain = draftOf(`${dir}/${READY}`);
  using _ = await takeFolder(dir);
  try {
    await removeDraftsOf(`${dir}/${READY}`);
    await writeDecrypted(dir, encrypted, plain, path);
    using archive = await ArchiveReader.open(plain, path);
    return await take(dir, archive, await identityOf(archive, path), path);
  } finally {
    await removeIfThere(plain);
  }
}

/**
 * Unlocks an encrypted archive and checks it to its end.
 *
 * @returns undefined where it isn't encrypted
 * @throws {UserError} where it is damaged, or the passphrase is wrong
 */
async function unlock(
  file: string,
  { passphrase, isExpected }: Unlocking,
  path: string,
): Promise<EncryptedArchive | undefined> {
  const bad = (cause: unknown) => {
    throw badArchive(path, cause);
  };
  const encrypted = await EncryptedArchive.open(file).catch(bad);
  if (encrypted !== undefined) {
    await encrypted.unlock(await passphrase());
    await encrypted.verify().catch(bad);
    return encrypted;
  }
  if (!isExpected) return undefined;
  throw new UserError(
    `${path} isn't encrypted, and a passphrase is given`,
    "If you trust it, import it without a passphrase",
  );
}

/** Writes a readable copy of an archive into the client's folder. */
async function writeDecrypted(
  dir: string,
  encrypted: EncryptedArchive,
  to: string,
  path: string,
): Promise<void> {
  await refuseFull(dir, 2 * encrypted.size);
  try {
    using file = await createPrivate(to);
    for await (const piece of encrypted.pieces()) await writeAll(file, piece);
  } catch (cause) {
    throw cannotImport(dir, path, cause);
  }
}

/** Takes the content of an archive into a folder that is locked. */
async function take(
  dir: string,
  archive: ArchiveReader,
  me: InfoMe,
  path: string,
): Promise<Imported> {
  const ready = `${dir}/${READY}`;
  const draft = draftOf(ready);
  try {
    await refuseFull(dir, archive.size);
    const files = await prepare(dir, draft, archive);
    archive.end();
    checkStore(draft, path);
    // Another client may have registered meanwhile.
    await refuseTaken(dir);
    await move(draft, ready);
    await syncFolder(dir);
    await finishImport(dir);
    const { messages } = archive;
    return { name: me.name, id: me.clientId.toHex(), messages, files };
  } catch (cause) {
    await removeIfThere(draft);
    if (cause instanceof UserError) throw cause;
    throw cannotImport(dir, path, cause);
  }
}

function cannotImport(dir: string, path: string, cause: unknown): FolderError {
  return new FolderError(
    `${path} can't be imported into ${dir}: ${reasonOf(cause)}`,
    "See that the folder can be written and has room",
    { cause },
  );
}

async function refuseTaken(dir: string): Promise<void> {
  await finishImport(dir);
  await refuseExisting(dir);
  if (await findFile(dir, [STORE_FOLDER]) === undefined) return;
  throw new UserError(
    `${dir}/${STORE_FOLDER} exists: this folder has keys and messages already`,
    "Import into another folder with --dir, or move that one away",
  );
}

async function refuseFull(dir: string, size: number): Promise<void> {
  const free = await freeSpace(dir);
  if (free === undefined || free >= size) return;
  throw new FolderError(
    `${dir} has ${formatBytes(free)} of room, the archive has ${
      formatBytes(size)
    }`,
    "Make room, or take another folder with --dir",
  );
}

async function identityOf(
  archive: ArchiveReader,
  path: string,
): Promise<InfoMe> {
  try {
    return await parseInfoMe(archive.identity);
  } catch (cause) {
    throw badArchive(path, cause);
  }
}

/** Prepares the import in a draft folder and syncs it; returns the number of files. */
async function prepare(
  dir: string,
  draft: string,
  archive: ArchiveReader,
): Promise<number> {
  const store = `${draft}/${STORE_FOLDER}`;
  const database = `${store}/${DATABASE}`;
  const final = join(await Deno.realPath(dir), STORE_FOLDER, FILES);
  await makePrivateFolder(`${store}/${FILES}`);
  (await createPrivate(database)).close();
  archive.restore(database, (message) => join(final, String(message)));
  const files = archive.packedFiles;
  for (const message of files) {
    using file = await createPrivate(`${store}/${FILES}/${message}`);
    for (const bytes of archive.pieces(message)) await writeAll(file, bytes);
    await syncContent(file);
  }
  await syncFile(database);
  await writeNewFile(
    `${draft}/${IDENTITY}`,
    new TextEncoder().encode(archive.identity),
  );
  for (const folder of [`${store}/${FILES}`, store, draft]) {
    await syncFolder(folder);
  }
  return files.length;
}

/** Checks the prepared store. @throws {UserError} where it can't be used */
function checkStore(draft: string, path: string): void {
  // Opening a missing store would create an empty one.
  Deno.statSync(`${draft}/${IDENTITY}`);
  Deno.statSync(`${draft}/${STORE_FOLDER}/${DATABASE}`);
  const store = new StoreDatabase(draft);
  try {
    const [problem] = store.check();
    if (problem !== undefined) throw badArchive(path, problem);
  } finally {
    store.close();
  }
}
