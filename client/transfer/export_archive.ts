import { dirname } from "node:path";
import { findFile, infoFiles } from "../../shared/info_files.ts";
import { reasonOf } from "../../shared/reason.ts";
import { createPrivate, syncFolder } from "../durable_files.ts";
import { FolderError, NotRegisteredError, UserError } from "../errors.ts";
import type { StoreDatabase } from "../store/database.ts";
import { Archive } from "./archive.ts";

/** What an archive holds. */
export interface Exported {
  /** Messages of all conversations. */
  messages: number;
  /** Received files. */
  files: number;
  /** Received files that aren't where they were saved any more. */
  missing: number;
}

/**
 * Writes the identity, the keys, the history and the received files that are
 * still there into one new file with mode 0600, as a whole or not at all.
 *
 * @throws {UserError} where the file exists or can't be written
 */
export async function exportArchive(
  dir: string,
  store: StoreDatabase,
  path: string,
): Promise<Exported> {
  const identityPath = await findFile(dir, infoFiles.me);
  if (identityPath === undefined) throw new NotRegisteredError();
  const identity = new TextDecoder().decode(await Deno.readFile(identityPath));
  const draft = `${path}.${crypto.randomUUID()}.part`;
  try {
    // SQLite fills an empty file and keeps its mode.
    (await createPrivate(draft)).close();
    const exported = await fill(store, draft, identity);
    // Unlike a rename, a link never replaces what is there.
    await Deno.link(draft, path);
    await Deno.remove(draft);
    await syncFolder(dirname(path));
    return exported;
  } catch (cause) {
    await Deno.remove(draft).catch(() => {});
    if (cause instanceof FolderError) throw cause;
    throw new UserError(
      `${path} can't be written: ${reasonOf(cause)}`,
      cause instanceof Deno.errors.AlreadyExists
        ? "Take another name: nothing is written over"
        : "See that its folder is there and has room",
      { cause },
    );
  }
}

async function fill(
  store: StoreDatabase,
  draft: string,
  identity: string,
): Promise<Exported> {
  const exported = { messages: 0, files: 0, missing: 0 };
  {
    using archive = Archive.make(draft, store, identity);
    exported.messages = archive.messages;
    for (const { message, path } of archive.savedFiles) {
      using file = await openIfThere(path);
      if (file === undefined) {
        exported.missing++;
        continue;
      }
      await archive.pack(message, file);
      exported.files++;
    }
  }
  using file = await Deno.open(draft, { read: true, write: true });
  await file.sync();
  return exported;
}

async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
