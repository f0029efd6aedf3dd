import { PIECE_SIZE } from "../../shared/crypto/pieces.ts";
import { reasonOf } from "../../shared/cli/reason.ts";

/** A file isn't where it was saved any more, or can't be read there. */
export class UnreadableFile extends Error {
  override name = "UnreadableFile";
}

/**
 * The bytes of a file that was saved, in pieces of 1 MiB at most; of an empty
 * file an empty one.
 *
 * @throws {UnreadableFile} where it can't be read to its end
 */
export async function* readSaved(
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  using file = await explained(path, () => openRegular(path));
  for (let first = true;; first = false) {
    const bytes = await explained(path, () => readPiece(file));
    if (bytes.length > 0 || first) yield bytes;
    if (bytes.length < PIECE_SIZE) return;
  }
}

async function readPiece(file: Deno.FsFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(PIECE_SIZE);
  return bytes.subarray(0, await readFull(file, bytes));
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new UnreadableFile(`${path}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Opens a regular file to read it. Opening a pipe would block until it is written to.
 *
 * @throws {Error} where it is no regular file, or can't be opened
 */
export async function openRegular(path: string): Promise<Deno.FsFile> {
  if (!(await Deno.stat(path)).isFile) throw new Error("it is no file");
  return await Deno.open(path);
}

/**
 * Reads until the bytes are full or the file ends, however many a call takes.
 *
 * @returns how many were read
 */
export async function readFull(
  file: Pick<Deno.FsFile, "read">,
  into: Uint8Array,
): Promise<number> {
  let size = 0;
  while (size < into.length) {
    const count = await file.read(into.subarray(size));
    if (count === null) break;
    size += count;
  }
  return size;
}
