/**
 * Reads a database that no program has open and leaves its folder as it is. SQLite
 * makes files beside a database even to read it: so it is given other names
 * for the same files (hard links) in a folder of their own, which is removed.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { basename, dirname } from "node:path";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../../shared/platform/platform.ts";
import { lookInto } from "../file/database_file.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

/** What SQLite may have left beside a database and reads together with it. */
const COMPANIONS = ["-wal", "-journal"];

/** No link can be made where the database is, so it can't be read without a trace. */
export class NoLinkError extends Error {
  override name = "NoLinkError";
}

/**
 * Gives a database another path for as long as `read` runs.
 *
 * @param read is given the other path
 * @throws {NoLinkError} where that can't be done there
 * @throws {Error} what `read` threw
 */
export function readLinked<T>(path: string, read: (path: string) => T): T {
  let folder: string | undefined;
  try {
    let linked: string;
    try {
      folder = Deno.makeTempDirSync({
        dir: dirname(path),
        prefix: ".messageu-look-",
      });
      linked = `${folder}/${basename(path)}`;
      const file = Deno.realPathSync(path);
      Deno.linkSync(file, linked);
      for (const suffix of COMPANIONS) {
        linkIfThere(file + suffix, linked + suffix);
      }
    } catch (cause) {
      throw new NoLinkError(reasonOf(cause), { cause });
    }
    return read(linked);
  } finally {
    if (folder !== undefined) removeIfThere(folder);
  }
}

function linkIfThere(path: string, linked: string): void {
  try {
    Deno.linkSync(path, linked);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/**
 * Looks into a database that no program has open; see {@linkcode readLinked}.
 *
 * @throws {Error} where it can't be opened, or what `look` threw
 */
export function lookIntoLinked<T>(
  path: string,
  look: (database: Database) => T,
  { removesOpenFiles }: Platform = thisPlatform,
): T {
  return readLinked(path, (linked) =>
    lookInto(linked, (database) => {
      // Opened files outlive their names: nothing stays if we are stopped now.
      if (removesOpenFiles) removeIfThere(dirname(linked));
      return look(database);
    }));
}

function removeIfThere(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
