/**
 * Tells what a failure of the database means: whether its content is broken,
 * its disk has lost something, or only this one thing couldn't be done.
 *
 * @module
 */

import { isDiskFull, reasonOf } from "../../../shared/cli/reason.ts";
import { StoreBrokenError, StoreDamagedError, StoreError } from "../store.ts";

/** SQLite's primary result code where another program holds the file's lock. */
const BUSY = 5;
/** SQLite's primary result codes where the file may not be written, or not be opened. */
const READ_ONLY = 8;
const CANT_OPEN = 14;
/** SQLite's primary result code where a file can't grow. */
const FULL = 13;
/** SQLite's extended result code where a write failed, also where a quota is used up. */
const FAILED_WRITE = 10 | 3 << 8;
/** SQLite's extended result code where a sync failed. */
const FAILED_SYNC = 10 | 4 << 8;
/** SQLite's primary result codes for a file whose content is broken. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

const CODES_BY_TEXT: Readonly<Record<string, number>> = {
  "database is locked": BUSY,
  "attempt to write a readonly database": READ_ONLY,
  "unable to open database file": CANT_OPEN,
  "database or disk is full": FULL,
  "database disk image is malformed": CORRUPT,
  "file is not a database": NOT_A_DATABASE,
};

/** What to do about a damaged database. */
export const DAMAGE_ADVICE =
  "keep copies of FILE and FILE-wal; then restore a backup, without that log, or save what can be saved with `sqlite3 FILE .recover`";

/** Another program holds the file's lock, and held it for as long as was waited. */
export class StoreBusyError extends StoreError {
  override name = "StoreBusyError";
}

/** The disk is full, or fails as one does whose quota is used up; deletions make room in the database. */
export class DiskFullError extends StoreError {
  override name = "DiskFullError";
}

/** A failure of the database as the store throws it. */
export function storeError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = reasonOf(cause);
  const code = resultCode(cause);
  if (isDiskFull(cause) || code === FULL) {
    return new DiskFullError(
      `${reason}: make room on it. Until then room comes only from messages ` +
        "that are taken, or deleted with admin purge",
      { cause },
    );
  }
  if (code === FAILED_WRITE) {
    return new DiskFullError(
      `a write failed (${reason}): see to the disk, or make room where its quota is used up`,
      { cause },
    );
  }
  if (code === FAILED_SYNC) {
    // The system may count as written what isn't: later syncs prove nothing.
    return new StoreBrokenError(
      `the disk failed to sync it (${reason}): what was sent last may be kept or not. ` +
        "See to the disk, then start the relay again",
      { cause },
    );
  }
  switch (code && code & 0xff) {
    case CORRUPT:
    case NOT_A_DATABASE:
      return damaged(reason, cause);
    case BUSY:
      return new StoreBusyError(
        `another program holds its lock (${reason}): stop that one`,
        { cause },
      );
    case READ_ONLY:
    case CANT_OPEN:
      return cannotOpen(cause);
    default:
      return new StoreError(reason, { cause });
  }
}

/** The failure to open a file, with what to do about it. */
export function cannotOpen(cause: unknown): StoreError {
  return new StoreError(
    `${
      reasonOf(cause)
    }. It must be a file, not a folder, that this user has permission to read and write; ` +
      "name it with --db, or its folder with --dir",
    { cause },
  );
}

/** The failure of a database whose content is broken. */
export function damaged(how: string, cause?: unknown): StoreDamagedError {
  return new StoreDamagedError(`it is damaged (${how}): ${DAMAGE_ADVICE}`, {
    cause,
  });
}

/** SQLite's result code, or undefined where it isn't SQLite's failure. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { errcode } = error as { errcode?: unknown };
  if (typeof errcode === "number") return errcode;
  // @db/sqlite gives no code, nor does node:sqlite for a file that it can't
  // open. SQLite's own text for it never changes; a path may stand behind it.
  const [text = ""] = error.message.split(": ");
  return CODES_BY_TEXT[text];
}
