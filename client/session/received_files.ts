/**
 * Received files: where they are saved, and copies of them.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { DecryptError } from "../../shared/crypto/crypto.ts";
import { PIECE_SIZE, type Pieces } from "../../shared/wire/buffers.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  createPrivate,
  makePrivateFolder,
  moveNew,
  openRegular,
  readFull,
  removeIfThere,
  statIfThere,
  syncContent,
  syncFolder,
  writeAll,
} from "../../shared/folder/durable_files.ts";
import { Advice, Command } from "../advice.ts";
import { UserError } from "../errors.ts";
import {
  cannotWrite,
  draftOf,
  nameTaken,
  removeDraftsOf,
} from "../store/folder.ts";
import type { Message } from "../store/message.ts";

/**
 * Saves a received file with mode 0600, under a new name that doesn't depend on
 * data from the wire. The file is synced before this resolves, and removed after
 * an error.
 *
 * @param folder where to save it; made if it is missing. Default: the temporary
 * folder
 * @returns the file's full path and its size in bytes
 * @throws {UserError} where it can't be saved
 * @throws {DecryptError} where the pieces throw it
 */
export async function saveReceivedFile(
  pieces: Pieces,
  folder?: string,
): Promise<{ path: string; size: number }> {
  let path: string | undefined;
  let size = 0;
  try {
    if (folder !== undefined) await makePrivateFolder(folder);
    const dir = folder === undefined ? {} : { dir: resolve(folder) };
    // The runtime creates it exclusively, with mode 0600.
    path = await Deno.makeTempFile({ prefix: "messageu-", ...dir });
    using file = await Deno.open(path, { write: true });
    for await (const piece of pieces) {
      await writeAll(file, piece);
      size += piece.length;
    }
    await syncContent(file);
    return { path, size };
  } catch (cause) {
    if (path !== undefined) await removeIfThere(path).catch(() => {});
    if (cause instanceof DecryptError) throw cause;
    const reason = reasonOf(cause);
    throw new UserError(
      `Can't save a received file: ${reason}`,
      `It is kept: pull again once there is room in ${
        folder ?? "the temporary directory"
      }`,
      { cause },
    );
  }
}

/** A saved file is gone, or can't be read. */
export class UnreadableFile extends Error {
  override name = "UnreadableFile";
}

/**
 * The bytes of a saved file, in pieces of 1 MiB at most. An empty file yields
 * one empty piece.
 *
 * @throws {UnreadableFile} where it can't be read to its end
 */
export async function* readSaved(
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    using file = await openRegular(path);
    yield* readPieces(file);
  } catch (cause) {
    throw new UnreadableFile(`${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** The rest of an open file, in the same pieces. */
export async function* readPieces(
  file: Pick<Deno.FsFile, "read">,
): AsyncGenerator<Uint8Array, void, void> {
  for (let first = true;; first = false) {
    const piece = new Uint8Array(PIECE_SIZE);
    const bytes = piece.subarray(0, await readFull(file, piece));
    if (bytes.length > 0 || first) yield bytes;
    if (bytes.length < PIECE_SIZE) return;
  }
}

/**
 * Copies a received file to a new file with mode 0600, atomically.
 *
 * @param to the new file's path, or a folder that exists
 * @returns the new file's path
 * @throws {UserError} where the message has no received file, it is gone, or the
 * new file exists or can't be written
 */
export async function copyReceivedFile(
  message: Message,
  to: string,
): Promise<string> {
  const path = pathOf(message);
  const info = statIfThere(to);
  const target = info?.isDirectory ? join(to, basename(path)) : to;
  const draft = draftOf(target);
  try {
    if (statIfThere(target) !== undefined) throw nameTaken(target);
    await removeDraftsOf(target);
    await writeCopy(path, draft);
    await moveNew(draft, target);
    await syncFolder(dirname(target));
    return target;
  } catch (cause) {
    await removeIfThere(draft);
    if (cause instanceof UserError) throw cause;
    if (cause instanceof UnreadableFile) throw gone(message, cause);
    throw cannotWrite(target, cause);
  }
}

async function writeCopy(path: string, to: string): Promise<void> {
  using copy = await createPrivate(to);
  for await (const bytes of readSaved(path)) await writeAll(copy, bytes);
  await syncContent(copy);
}

/**
 * The path of a received file, which is there.
 *
 * @throws {UserError} where the message has no received file, or it is gone
 */
export function pathOf(message: Message): string {
  const { id, kind, outgoing, path } = message;
  if (kind !== "file" || outgoing) {
    throw new UserError(
      `Message ${id} is no received file`,
      "history lists the messages with their numbers",
    );
  }
  if (path === undefined || statIfThere(path) === undefined) {
    throw gone(message);
  }
  return path;
}

function gone({ id, path }: Message, cause?: unknown): UserError {
  return new UserError(
    `The file of message ${id} can't be read: ${
      cause === undefined
        ? path === undefined ? "it wasn't moved here" : `${path} is gone`
        : reasonOf(cause)
    }`,
    new Advice(
      "The system empties the temporary folder. Ask for the file again; ",
      new Command("config", "files", "FOLDER"),
      " keeps those to come",
    ),
    { cause },
  );
}
