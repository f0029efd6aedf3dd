/**
 * Files that the user names, or that were saved and may be something else now.
 *
 * @module
 */

/**
 * Opens a file to read it. To open a pipe would wait for whoever writes to it.
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
