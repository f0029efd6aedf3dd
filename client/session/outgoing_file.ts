import { BLOCK_SIZE } from "../../shared/crypto/legacy_aes.ts";
import { MAX_CONTENT_SIZE } from "../../shared/wire/protocol.ts";
import { PIECE_SIZE } from "../../shared/wire/buffers.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UserError } from "../errors.ts";
import { dirname } from "node:path";
import {
  createPrivate,
  removeIfThere,
  syncContent,
  writeAll,
} from "../../shared/folder/durable_files.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Bytes of the largest file: its ciphertext has up to a block more. */
export const MAX_FILE_SIZE: number = MAX_CONTENT_SIZE - BLOCK_SIZE;

const PIPE_HINT = "What comes through a pipe is sent with: send-file NAME -";

/** A file to send. */
export interface OutgoingFile {
  /** Size in bytes. */
  readonly size: number;
  /**
   * Exactly `size` bytes, in pieces of 1 MiB at most. The file is open only
   * while they are read. Throws a {@linkcode UserError} where it can't be read,
   * and before the last piece where it has changed.
   */
  readonly pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a file to send.
 *
 * @throws {UserError} where it doesn't exist, isn't a regular file, is too
 * large for the protocol or can't be read
 */
export async function openOutgoingFile(path: string): Promise<OutgoingFile> {
  return await withReasons(path, async () => {
    // A pipe or a device may never end, and opening one may block.
    const info = await Deno.stat(path);
    if (!info.isFile) {
      throw new UserError(
        `${path} is not a regular file`,
        info.isDirectory ? undefined : PIPE_HINT,
      );
    }
    if (info.size > MAX_FILE_SIZE) {
      throw new UserError(
        `${path} has ${info.size} bytes; a message holds ${MAX_FILE_SIZE} at most`,
      );
    }
    (await Deno.open(path)).close();
    return { size: info.size, pieces: readPieces(path, info) };
  });
}

async function* readPieces(
  path: string,
  before: Deno.FileInfo,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  using file = await withReasons(path, () => Deno.open(path));
  if (before.size === 0) {
    await withReasons(path, () => checkEnd(file, path, before));
  }
  for (let left = before.size; left > 0;) {
    const piece = new Uint8Array(Math.min(left, PIECE_SIZE));
    const count = await withReasons(path, () => file.read(piece));
    left -= count ?? 0;
    // Detects a change before the last piece, so that the message stays incomplete.
    if (count === null || left === 0) {
      await withReasons(path, () => checkEnd(file, path, before));
    }
    if (count === null) {
      throw changed(path, before, { ...before, size: before.size - left });
    }
    yield piece.subarray(0, count);
  }
}

/** @throws {UserError} where the file has changed or goes on */
async function checkEnd(
  file: Deno.FsFile,
  path: string,
  before: Deno.FileInfo,
): Promise<void> {
  const now = await file.stat();
  const ended = await file.read(new Uint8Array(1)) === null;
  const same = now.size === before.size &&
    now.mtime?.getTime() === before.mtime?.getTime();
  if (!ended || !same) throw changed(path, before, now);
}

function changed(
  path: string,
  before: Deno.FileInfo,
  now: Deno.FileInfo,
): UserError {
  const how = now.size === before.size
    ? ""
    : `: it had ${before.size} bytes and has ${now.size} now`;
  return new UserError(
    `${path} changed while it was being sent${how}`,
    "Nothing was delivered; send it again once no program writes to it",
  );
}

async function withReasons<T>(
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (hasCode(cause, "ENOENT", "ENOTDIR")) {
      throw new UserError("file not found", `There is no ${path}`, { cause });
    }
    const hint = cause instanceof Deno.errors.NotCapable
      ? PIPE_HINT
      : undefined;
    throw new UserError(`Can't read ${path}: ${reasonOf(cause)}`, hint, {
      cause,
    });
  }
}

/** Stands for standard input or output in place of a path. */
export const PIPE = "-";

/**
 * Writes all of standard input into a new file with mode 0600 and syncs it.
 *
 * @throws {UserError} where it can't be written or exceeds the size of a
 * message; the file is removed then
 */
export async function savePiped(
  path: string,
  stdin: ReadableStream<Uint8Array>,
): Promise<void> {
  try {
    using file = await createPrivate(path);
    let size = 0;
    for await (const chunk of stdin) {
      size += chunk.length;
      if (size > MAX_FILE_SIZE) {
        throw new UserError(
          `Standard input has more than ${MAX_FILE_SIZE} bytes, which is what a message holds`,
        );
      }
      await writeAll(file, chunk);
    }
    await syncContent(file);
  } catch (cause) {
    await removeIfThere(path);
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `Standard input can't be kept in ${path}: ${reasonOf(cause)}`,
      "See that its folder can be written and has room",
      { cause },
    );
  }
}

/** Piped input, kept in the client's folder until it is sent. */
export class PipedFiles {
  readonly #folder: string;

  /** @param store the folder of the client's store */
  constructor(store: string) {
    this.#folder = `${store}/piped`;
  }

  /** Saves standard input; returns its path. @throws {UserError} where it can't be saved */
  async keep(stdin: ReadableStream<Uint8Array>): Promise<string> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = `${this.#folder}/${crypto.randomUUID()}`;
    await savePiped(path, stdin);
    return path;
  }

  /** Removes a sent file; returns false where it isn't one of these. */
  async remove(path: string): Promise<boolean> {
    const folder = await Deno.realPath(this.#folder).catch(() => undefined);
    if (dirname(path) !== folder) return false;
    await removeIfThere(path);
    return true;
  }
}
