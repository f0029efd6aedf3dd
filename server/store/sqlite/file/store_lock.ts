/**
 * Keeps two relays from one database. The lock is the system's own, on a file
 * beside the database: it ends with the process, and the file may stay.
 *
 * @module
 */

import {
  openPrivateSync,
  removeIfAllowed,
  statIfThere,
} from "../../../../shared/folder/durable_files.ts";
import { StoreError } from "../../store.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

/** Tries to take a lock. */
const MOST_TRIES = 5;
/** Milliseconds between two looks whether it has ended. */
const LOOK_AGAIN = 10;

/** A lock that is held until it is released. */
export interface StoreLock {
  /** Gives it back. */
  release(): void;
}

/**
 * Takes the lock of a database.
 *
 * @throws {StoreError} where another relay holds it
 * @throws {Error} where its file can't be made
 */
export function lockStore(path: string): StoreLock {
  const lockPath = pathOfLock(path);
  for (let tries = 1;; tries++) {
    const file = openPrivateSync(lockPath);
    try {
      const isOurs = file.tryLockSync(true);
      // A program that only looks whether it is held holds it for a moment.
      if (!isOurs && tries < MOST_TRIES) {
        file.close();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tries);
        continue;
      }
      if (!isOurs) {
        throw new StoreError(
          "another relay uses it: stop that one, or give this one another folder with --dir",
        );
      }
      // Who held it may have removed it between our opening it and its end.
      if (isStill(lockPath, file)) {
        return { release: () => release(lockPath, file) };
      }
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/**
 * The same, and waits for another relay to give it back, however long it takes.
 *
 * @param waiting is told of it where there is one; without it there is no waiting
 * @throws {StoreError} where another relay holds it, or was faster
 */
export async function lockStoreLater(
  path: string,
  waiting?: () => void,
): Promise<StoreLock> {
  if (waiting === undefined || !isStoreLocked(path)) return lockStore(path);
  waiting();
  while (isStoreLocked(path)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
  return lockStore(path);
}

/** Whether a relay holds a database's lock; asks without making one. */
export function isStoreLocked(path: string): boolean {
  try {
    using file = Deno.openSync(pathOfLock(path));
    return !file.tryLockSync(false);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function pathOfLock(path: string): string {
  return `${path}-lock`;
}

function isStill(path: string, file: Deno.FsFile): boolean {
  return statIfThere(path)?.ino === file.statSync().ino;
}

function release(path: string, file: Deno.FsFile): void {
  // A relay that has dropped its permissions leaves it, which does no harm.
  removeIfAllowed(path);
  file.close();
}
