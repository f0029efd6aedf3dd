/**
 * What the file system tells of a database before SQLite is let near it.
 *
 * @module
 */

import { cannotOpen } from "./database_errors.ts";
import { statIfThere } from "./stat_if_there.ts";
import { StoreError } from "./store.ts";

/** What SQLite keeps beside a file. */
export const COMPANIONS = ["-wal", "-shm", "-journal"] as const;

/**
 * Sees to it that a database can be written, where it is there: SQLite opens
 * what it may not write as well, and leaves a log beside it.
 *
 * @throws {StoreError} where it can't
 */
export function requireWritable(path: string): void {
  try {
    Deno.openSync(path, { write: true }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw cannotOpen(error);
  }
}

/**
 * Whether something is in a database's log.
 *
 * @throws {StoreError} where there is nothing but a log: to go on would be to lose it
 */
export function hasLog(path: string): boolean {
  const isFilled = (path: string) => (statIfThere(path)?.size ?? 0) > 0;
  if (!isFilled(`${path}-wal`)) return false;
  if (isFilled(path)) return true;
  throw new StoreError(
    `its log ${path}-wal is there, but the file itself is missing or empty: ` +
      "put the file back, or move the log away to start anew",
  );
}
