/**
 * Files that must be there after a crash, and that nobody else may read.
 *
 * @module
 */

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
  using file = await Deno.open(path, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  try {
    await writeDown(file, bytes);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

/** Writes bytes to an open file, down to the disk. */
export async function writeDown(
  file: Deno.FsFile,
  bytes: Uint8Array,
): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.sync();
}

/** Brings a folder's new and removed names down to the disk, where that can be done. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
