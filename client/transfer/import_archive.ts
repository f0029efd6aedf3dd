/**
 * Imports an archive into a folder. The content is prepared in a draft folder.
 * Renaming that to its final name commits the import; after an interruption, the
 * next client in the folder completes it.
 *
 * @module
 */

import { findFile, type InfoMe } from "../../shared/folder/info_files.ts";
import { parseInfoMe } from "../../shared/identity/parse_identity.ts";
import { formatBytes } from "../../shared/cli/figures.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  createPrivate,
  freeSpace,
  makePrivateFolder,
  removeIfThere,
  syncFile,
  syncFolder,
  writeAll,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import { FolderError, UserError } from "../errors.ts";
import { refuseExisting } from "../keys/identity.ts";
import { DATABASE, STORE_FOLDER, StoreDatabase } from "../store/database.ts";
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

/**
 * Imports the archive on standard input into a folder without an identity,
 * atomically.
 *
 * @throws {UserError} where the folder is taken, or the archive can't be used
 */
export async function importPiped(
  dir: string,
  stdin: ReadableStream<Uint8Array>,
): Promise<Imported> {
  await refuseTaken(dir);
  const temporary = await Deno.makeTempDir({ prefix: "messageu-" });
  try {
    const archive = `${temporary}/archive`;
    await savePiped(archive, stdin);
    return await importArchive(dir, archive, "Standard input");
  } finally {
    await removeIfThere(temporary);
  }
}

/**
 * Imports an archive into a folder without an identity, atomically.
 *
 * @param file the archive's path
 * @param path its name in error messages
 * @throws {UserError} where the folder is taken, or the archive can't be used
 */
export async function importArchive(
  dir: string,
  file: string,
  path: string = file,
): Promise<Imported> {
  await refuseTaken(dir);
  using archive = await ArchiveReader.open(file, path);
  const me = await identityOf(archive, path);
  const ready = `${dir}/${READY}`;
  const draft = draftOf(ready);
  using _ = await takeFolder(dir);
  try {
    await removeDraftsOf(ready);
    await refuseFull(dir, archive.size);
    const files = await prepare(dir, draft, archive);
    archive.end();
    checkStore(draft, path);
    // Another client may have registered meanwhile.
    await refuseTaken(dir);
    await Deno.rename(draft, ready);
    await syncFolder(dir);
    await finishImport(dir);
    const { messages } = archive;
    return { name: me.name, id: me.clientId.toHex(), messages, files };
  } catch (cause) {
    await removeIfThere(draft);
    if (cause instanceof UserError) throw cause;
    throw new FolderError(
      `${path} can't be imported into ${dir}: ${reasonOf(cause)}`,
      "See that the folder can be written and has room",
      { cause },
    );
  }
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
  const final = `${await Deno.realPath(dir)}/${STORE_FOLDER}/${FILES}`;
  await makePrivateFolder(`${store}/${FILES}`);
  (await createPrivate(database)).close();
  archive.restore(database, (message) => `${final}/${message}`);
  const files = archive.packedFiles;
  for (const message of files) {
    using file = await createPrivate(`${store}/${FILES}/${message}`);
    for (const bytes of archive.pieces(message)) await writeAll(file, bytes);
    await file.sync();
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
