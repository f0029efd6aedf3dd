/**
 * Files that survive a crash and that only their owner may read.
 *
 * @module
 */

import { lchownSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { statfs } from "node:fs/promises";
import { type Platform, thisPlatform } from "../platform/platform.ts";
import { hasCode } from "../platform/system_error.ts";

/** Milliseconds to wait for another program that has a file open. */
const PATIENCE = 2_000;
/** Milliseconds between two attempts. */
const RETRY = 20;

/**
 * Writes a new file with mode 0600 and syncs it.
 *
 * @throws {Error} if the path exists (`EEXIST`), or can't be written; a new file
 * is then removed
 */
export async function writeNewFile(
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const created = await createPrivate(path);
  try {
    using file = created;
    await writeAll(file, bytes);
    await syncContent(file);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

/**
 * Creates a file with mode 0600.
 *
 * @throws {Error} if the path exists (`EEXIST`), or can't be created
 */
export async function createPrivate(path: string): Promise<Deno.FsFile> {
  const options = { write: true, createNew: true, mode: 0o600 };
  const file = await Deno.open(path, options);
  giveToOwner(path);
  return file;
}

/**
 * Opens a file for writing; creates a missing one with mode 0600.
 *
 * @throws {Error} if it can't be opened or created
 */
export function openPrivateSync(
  path: string,
  options: Deno.OpenOptions = {},
): Deno.FsFile {
  for (;;) {
    try {
      return Deno.openSync(path, { ...options, write: true });
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    const created = { ...options, write: true, createNew: true, mode: 0o600 };
    try {
      const file = Deno.openSync(path, created);
      giveToOwner(path);
      return file;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      // Another process was faster, or the name leads nowhere.
      if (isLink(path)) throw new Error("it is a link to a missing file");
    }
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    // It is gone again.
    return false;
  }
}

/** Creates a missing folder with mode 0700, and its missing parents. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT") || dirname(path) === path) throw error;
    await makePrivateFolder(dirname(path));
    // It fails again where the name, and not the parent, is at fault.
    await makeFolder(path);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    if (!(await Deno.stat(path)).isDirectory) throw error;
    return;
  }
  giveToOwner(path);
}

/**
 * Gives a new file to the owner of its folder, so that root doesn't lock the
 * owner out. Does nothing for other users.
 */
export function giveToOwner(path: string): void {
  try {
    const { uid, gid } = Deno.statSync(dirname(path));
    if (uid === null || gid === null) return;
    if (Deno.lstatSync(path).uid === uid) return;
    // A link may have replaced the file: don't follow it.
    lchownSync(path, uid, gid);
  } catch {
    // Only root may.
  }
}

/** Gives an existing file or folder this mode, where modes mean something. */
export function restrictSync(
  path: string,
  mode: number,
  { hasModes }: Platform = thisPlatform,
): void {
  if (!hasModes) return;
  if (((Deno.statSync(path).mode ?? mode) & 0o777) === mode) return;
  Deno.chmodSync(path, mode);
}

/**
 * Renames a file or folder. Replaces a file of the new name, and waits for
 * another program to close it.
 */
export async function move(from: string, to: string): Promise<void> {
  await onceClosed(() => Deno.rename(from, to));
}

/**
 * Repeats work on files for up to two seconds while another program has one of
 * them open: Windows doesn't rename or remove it then, and a virus scanner opens
 * each new file for a moment.
 *
 * @throws {Error} what the last attempt threw
 */
export async function onceClosed<T>(
  work: () => Promise<T>,
  { removesOpenFiles }: Platform = thisPlatform,
): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isOpen = !removesOpenFiles &&
        hasCode(error, "EACCES", "EBUSY", "EPERM");
      if (!isOpen || performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

/**
 * Renames a file within its folder, and replaces no other file.
 *
 * @throws {Error} if the new name exists (`EEXIST`), or can't be given
 */
export async function moveNew(from: string, to: string): Promise<void> {
  try {
    // Unlike a rename, a link never replaces a file.
    await Deno.link(from, to);
  } catch (error) {
    if (hasCode(error, "EEXIST", "ENOENT")) throw error;
    // The file system may lack links: reserve the name with an empty file, and
    // replace that.
    (await createPrivate(to)).close();
    await move(from, to);
    return;
  }
  await onceClosed(() => Deno.remove(from));
}

/** Syncs a file's content to the disk. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await syncContent(file);
}

/**
 * Syncs an open file or folder to the disk. Goes on where its volume can't do
 * that: on macOS many network volumes and USB sticks refuse.
 */
export async function syncContent(
  file: Pick<Deno.FsFile, "sync">,
): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!cannotSync(error)) throw error;
  }
}

/** Whether a sync failed since the volume has none, as network volumes on macOS. */
export function cannotSync(error: unknown): boolean {
  return hasCode(error, "EINVAL", "ENOTSUP", "ENOTTY");
}

/** Removes a file, or a folder with its content, if it exists. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await onceClosed(() => Deno.remove(path, { recursive: true }));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/**
 * Removes a file that may stay, if this process still has the permission. An
 * attempt without it would ask the user of a terminal for it.
 */
export function removeIfAllowed(path: string): void {
  const { state } = Deno.permissions.querySync({ name: "write", path });
  if (state !== "granted") return;
  try {
    Deno.removeSync(path);
  } catch {
    // The caller doesn't depend on it.
  }
}

/** Size in bytes of a file. @throws {Error} if it can't be read */
export async function readableSize(path: string): Promise<number> {
  using file = await Deno.open(path);
  return (await file.stat()).size;
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
 * Reads until `into` is full or the file ends.
 *
 * @returns how many bytes were read
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

/** Syncs a folder's entries to the disk, where the system can. */
export async function syncFolder(
  path: string,
  { syncsFolders }: Platform = thisPlatform,
): Promise<void> {
  if (!syncsFolders) return;
  using folder = await Deno.open(path);
  await syncContent(folder);
}

/** Status of a file; undefined if there is none. */
export function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** A path that doesn't exist: `path`, or `path` with a suffix `-2`, `-3` and so on. */
export function freePath(path: string): string {
  let free = path;
  for (let n = 2; statIfThere(free) !== undefined; n++) free = `${path}-${n}`;
  return free;
}

/** Writes all of the bytes, with as many calls as it takes. */
export async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await to.write(bytes.subarray(written));
  }
}

/** Free space in bytes on the disk of a folder; undefined without permission. */
export async function freeSpace(path: string): Promise<number | undefined> {
  if (!mayAsk()) return undefined;
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Free space in bytes on the disk of a file or folder; undefined without permission. */
export function freeSpaceSync(path: string): number | undefined {
  if (!mayAsk()) return undefined;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function mayAsk(): boolean {
  const statfs = { name: "sys", kind: "statfs" } as const;
  return Deno.permissions.querySync(statfs).state === "granted";
}
