import { basename, dirname } from "node:path";
import { findFile } from "../../shared/folder/info_files.ts";
import { formatInfoMe } from "../../shared/folder/own_info_me.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  createPrivate,
  moveNew,
  removeIfThere,
  syncFile,
  syncFolder,
} from "../../shared/folder/durable_files.ts";
import { FolderError, NotRegisteredError, UserError } from "../errors.ts";
import { parseIdentity } from "../../shared/identity/parse_identity.ts";
import { readFolderIdentity } from "../keys/identity.ts";
import { countWaiting } from "../session/journal.ts";
import type { StoreDatabase } from "../store/database.ts";
import { UnreadMessages } from "../session/unread_messages.ts";
import { ArchiveWriter } from "./archive_writer.ts";
import { draftOf, removeDraftsOf } from "../store/folder.ts";

/** What an archive holds. */
export interface Exported {
  /** Messages of all conversations. */
  messages: number;
  /** Received files. */
  files: number;
  /** Received files that can't be read where they were saved any more. */
  missing: number;
}

/** What an archive holds, and what it doesn't. */
export interface ExportedArchive extends Exported {
  /** Files with messages that couldn't be decrypted, which stay where they are. */
  unread: number;
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
): Promise<ExportedArchive> {
  const parsed = await readFolderIdentity(dir, parseIdentity);
  if (parsed === undefined) throw new NotRegisteredError();
  const waiting = await countWaiting(dir);
  if (waiting > 0) {
    throw new UserError(
      `${waiting} received answers in ${dir} (info.inbox.*) aren't worked through yet`,
      "Run pull first: the relay has them no more",
    );
  }
  const { files: unread } = await new UnreadMessages(dir).summary();
  // Not all that is read here is text.
  const identity = formatInfoMe(parsed.me);
  const draft = draftOf(path);
  try {
    await removeDraftsOf(path);
    await refuseExistingFile(path);
    // SQLite fills an empty file and keeps its mode.
    (await createPrivate(draft)).close();
    const exported = await fill(store, draft, identity);
    await moveNew(draft, path);
    await syncFolder(dirname(path));
    return { ...exported, unread };
  } catch (cause) {
    await removeIfThere(draft);
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

/** What takes long isn't begun in vain. */
async function refuseExistingFile(path: string): Promise<void> {
  if (await findFile(dirname(path), [basename(path)]) === undefined) return;
  throw new Deno.errors.AlreadyExists("It exists");
}

async function fill(
  store: StoreDatabase,
  draft: string,
  identity: string,
): Promise<Exported> {
  const exported = { messages: 0, files: 0, missing: 0 };
  {
    using archive = new ArchiveWriter(draft, store, identity);
    exported.messages = archive.messages;
    for (const { message, path } of archive.savedFiles) {
      if (await archive.pack(message, path)) exported.files++;
      else exported.missing++;
    }
    archive.end();
  }
  await syncFile(draft);
  return exported;
}
