import { StoreError } from "../../store.ts";

/**
 * The path of the file itself where a database's path is a symbolic link:
 * SQLite's log lies beside the file, and so does its lock, for whoever comes
 * to it by whatever name.
 *
 * @throws {StoreError} where the link leads nowhere
 */
export async function databasePath(path: string): Promise<string> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (!info?.isSymlink) return path;
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new StoreError(
      `Can't use the database ${path}: it is a link to a file that isn't there. ` +
        "Remove the link, or put the file back",
      { cause },
    );
  }
}
