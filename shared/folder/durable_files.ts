/**
 * Files that must be there after a crash, and that nobody else may read.
 *
 * @module
 */

import { lchownSync } from "node:fs";
import { dirname } from "node:path";
import { writeAll } from "../cli/write_all.ts";

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
  const options = { write: true, createNew: true, mode: 0o600 };
  const file = await Deno.open(path, options);
  giveToOwner(path);
  return file;
}

/**
 * Opens a file to write it, and makes it with mode 0600 where it isn't there.
 *
 * @throws {Error} where it can't be written or made
 */
export function openPrivateSync(
  path: string,
  options: Deno.OpenOptions = {},
): Deno.FsFile {
  for (;;) {
    try {
      return Deno.openSync(path, { ...options, write: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const created = { ...options, write: true, createNew: true, mode: 0o600 };
    try {
      const file = Deno.openSync(path, created);
      giveToOwner(path);
      return file;
    } catch (error) {
      // Another process may have been faster.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** Makes a folder with mode 0700 where it isn't there, and those above it. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && dirname(path) !== path) {
      await makePrivateFolder(dirname(path));
      return await makePrivateFolder(path);
    }
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (!(await Deno.stat(path)).isDirectory) throw error;
    return;
  }
  giveToOwner(path);
}

/**
 * Gives what was just made to the owner of the folder that it is in, so that
 * root's help doesn't lock the owner out. Does nothing for other users.
 */
export function giveToOwner(path: string): void {
  if (Deno.build.os === "windows") return;
  try {
    const { uid, gid } = Deno.statSync(dirname(path));
    if (uid === null || gid === null) return;
    if (Deno.lstatSync(path).uid === uid) return;
    // Never through a link that stands there by now.
    lchownSync(path, uid, gid);
  } catch {
    // Only root may.
  }
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

/** What the system knows of a file; undefined where there is none. */
export function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A path that nothing has: this one, or with `-2`, `-3` and so on behind it. */
export function freePath(path: string): string {
  let free = path;
  for (let n = 2; statIfThere(free) !== undefined; n++) free = `${path}-${n}`;
  return free;
}
