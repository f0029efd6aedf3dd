/**
 * Files that must be there after a crash, and that nobody else may read.
 *
 * @module
 */

import { writeAll } from "./write_all.ts";

/**
 * Writes a new file with mode 0600, down to the disk.
 *
 * @throws {Deno.errors.AlreadyExists} where the path is taken
 * @throws {Error} where it can't be written; nothing of it is left then
 */
export async function writeNewFile(
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  using file = await createPrivate(path);
  try {
    await writeAll(file, bytes);
    await file.sync();
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

/**
 * Makes a new file with mode 0600.
 *
 * @throws {Deno.errors.AlreadyExists} where the path is taken
 */
export async function createPrivate(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
}

/**
 * Gives a file its final name in the same folder, replacing nothing.
 *
 * @throws {Deno.errors.AlreadyExists} where that is taken
 */
export async function moveNew(from: string, to: string): Promise<void> {
  try {
    // Unlike a rename, a link never replaces what is there.
    await Deno.link(from, to);
  } catch (error) {
    const isKnown = error instanceof Deno.errors.AlreadyExists ||
      error instanceof Deno.errors.NotFound;
    if (isKnown) throw error;
    // Not every file system has links: the name is taken first, and then the
    // empty file that took it is replaced.
    (await createPrivate(to)).close();
    await Deno.rename(from, to);
    return;
  }
  await Deno.remove(from);
}

/** Brings what was written into a file down to the disk. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await file.sync();
}

/** Removes a file, or a folder with all that is in it, where it is there. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** How many bytes a file has. @throws {Error} where it can't be read */
export async function readableSize(path: string): Promise<number> {
  using file = await Deno.open(path);
  return (await file.stat()).size;
}

/** Brings a folder's new and removed names down to the disk, where that can be done. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
