/**
 * The names of the files that the programs keep, and the names under which
 * other MessageU programs keep the same (section 11 of docs/protocol.md).
 *
 * @module
 */

import { plainBytes } from "./plain_bytes.ts";

/** Our name of each file first, then what it is also read as. */
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
 * The path of the first of these files that is there, or undefined.
 *
 * @throws {Error} where the folder can't be read
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
 * The text of such a file, whatever wrote it: UTF-8, or UTF-16 as the shell of
 * Windows does, with a mark at the beginning or without.
 *
 * @throws {Error} where it can't be read
 */
export async function readInfoText(path: string): Promise<string> {
  const { bytes } = plainBytes(await Deno.readFile(path));
  return new TextDecoder().decode(bytes);
}
