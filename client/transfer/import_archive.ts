/**
 * Takes an archive into a folder. All of it is made ready in a folder of its
 * own; to give that its final name is what decides, and what is left to do
 * then is done by whoever comes next, if need be.
 *
 * @module
 */

import { parseInfoMe } from "../../shared/info_me.ts";
import { findFile, infoFiles } from "../../shared/info_files.ts";
import { reasonOf } from "../../shared/reason.ts";
import { createPrivate, syncFolder, writeNewFile } from "../durable_files.ts";
import { FolderError, UserError } from "../errors.ts";
import { refuseExisting } from "../identity.ts";
import { DATABASE, STORE_FOLDER } from "../store/database.ts";
import { Archive } from "./archive.ts";
import { isDecided, READY } from "./decided_import.ts";

/** The identity within what is ready. */
const IDENTITY = infoFiles.me[0];
/** The folder of received files within the store's. */
const FILES = "files";

/** What was taken over. */
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
 * Takes an archive into a folder without an identity, as a whole or not at
 * all.
 *
 * @throws {UserError} where the folder is taken, or the archive can't be used
 */
export async function importArchive(
  dir: string,
  path: string,
): Promise<Imported> {
  await refuseTaken(dir);
  const source = await openSource(path);
  const draft = `${dir}/${READY}.${crypto.randomUUID()}.part`;
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    await removeDrafts(dir);
    const imported = await prepare(dir, draft, { path, source });
    await Deno.rename(draft, `${dir}/${READY}`);
    await syncFolder(dir);
    await finishImport(dir);
    return imported;
  } catch (cause) {
    await Deno.remove(draft, { recursive: true }).catch(() => {});
    if (cause instanceof UserError) throw cause;
    throw new FolderError(
      `${path} can't be imported into ${dir}: ${reasonOf(cause)}`,
      "See that the file can be read, and that the folder can be written and has room",
      { cause },
    );
  }
}

/** Does what is left of an import that was decided; nothing where none was. */
export async function finishImport(dir: string): Promise<void> {
  const ready = `${dir}/${READY}`;
  if (!isDecided(dir)) return;
  await unlessDone(() =>
    Deno.rename(`${ready}/${STORE_FOLDER}`, `${dir}/${STORE_FOLDER}`)
  );
  await unlessDone(() =>
    Deno.link(`${ready}/${IDENTITY}`, `${dir}/${IDENTITY}`)
  );
  await syncFolder(dir);
  await unlessDone(() => Deno.remove(ready, { recursive: true }));
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

/** Makes everything ready in a folder of its own, down to the disk. */
async function prepare(
  dir: string,
  draft: string,
  { path, source }: { path: string; source: Deno.FsFile },
): Promise<Imported> {
  const store = `${draft}/${STORE_FOLDER}`;
  const database = `${store}/${DATABASE}`;
  const copy = `${draft}/archive`;
  const imported = { name: "", id: "", messages: 0, files: 0 };
  await Deno.mkdir(`${store}/${FILES}`, { recursive: true, mode: 0o700 });
  // Both are closed at the end.
  await source.readable.pipeTo((await createPrivate(copy)).writable);
  let identity: string;
  {
    using archive = Archive.open(copy, path);
    identity = archive.identity;
    const me = await parseInfoMe(identity);
    imported.name = me.name;
    imported.id = me.clientId.toHex();
    imported.messages = archive.messages;
    const final = `${await Deno.realPath(dir)}/${STORE_FOLDER}/${FILES}`;
    for (const message of archive.packedFiles) {
      using file = await createPrivate(`${store}/${FILES}/${message}`);
      await archive.unpack(message, file, `${final}/${message}`);
      await file.sync();
      imported.files++;
    }
    (await createPrivate(database)).close();
    archive.restore(database);
  }
  await Deno.remove(copy);
  {
    using file = await Deno.open(database, { read: true, write: true });
    await file.sync();
  }
  await writeNewFile(
    `${draft}/${IDENTITY}`,
    new TextEncoder().encode(identity),
  );
  for (const folder of [`${store}/${FILES}`, store, draft]) {
    await syncFolder(folder);
  }
  return imported;
}

async function openSource(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw new UserError(
      `${path} can't be read: ${reasonOf(cause)}`,
      "Expected a file that export made",
      { cause },
    );
  }
}

/** What an import that was killed has left behind holds a private key. */
async function removeDrafts(dir: string): Promise<void> {
  for await (const { name } of Deno.readDir(dir)) {
    if (!name.startsWith(`${READY}.`) || !name.endsWith(".part")) continue;
    await Deno.remove(`${dir}/${name}`, { recursive: true });
  }
}

/** Another client may have been faster with this step, or an earlier one was killed behind it. */
async function unlessDone(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const isDone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.AlreadyExists;
    if (!isDone) throw error;
  }
}
