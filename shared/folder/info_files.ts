/**
 * The names of the programs' files, and the names that other MessageU programs
 * use (section 11 of docs/protocol.md).
 *
 * @module
 */

import { plainBytes } from "./plain_bytes.ts";

/** Our name of each file, then the other names that are read. */
export const infoFiles = {
  /** The relay's port. */
  myPort: ["info.myport", "myport.info"],
  /** The relay's address. */
  server: ["info.server", "server.info"],
  /** The user's identity. */
  me: ["info.me", "me.info", "my.info"],
  /** The relay's database. */
  database: ["db.defensive", "defensive.db"],
} as const;

/**
 * The path of the first of these files that exists, or undefined.
 *
 * @throws {Error} if the folder can't be read
 */
export async function findFile(
  dir: string,
  names: readonly string[],
): Promise<string | undefined> {
  for (const name of names) {
    const path = `${dir}/${name}`;
    try {
      await Deno.lstat(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/**
 * Reads such a file's text in UTF-8, or in UTF-16 as the shell of Windows writes
 * it, with or without a byte order mark.
 *
 * @throws {Error} if it can't be read
 */
export async function readInfoText(path: string): Promise<string> {
  const { bytes } = plainBytes(await Deno.readFile(path));
  return new TextDecoder().decode(bytes);
}
