/**
 * Puts a backup in the place of a relay's database.
 *
 * @module
 */

import { dirname } from "node:path";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { copyDatabase } from "../file/database_copy.ts";
import {
  checkWhole,
  COMPANIONS,
  countContent,
  databasePath,
  findDamage,
  lookInto,
  openDatabase,
  requireWritable,
} from "../file/database_file.ts";
import { configure, schemaVersion } from "../schema.ts";
import {
  freePath,
  giveToOwner,
  removeIfThere,
  statIfThere,
  syncFolder,
} from "../../../../shared/folder/durable_files.ts";
import { StoreError } from "../../store.ts";
import { isStoreLocked, lockStore } from "../file/store_lock.ts";
import { formatCounts, type StoreCounts } from "../../admin_store.ts";
import type { Restore, StoreAddress } from "../../store_kind.ts";
import { raiseIds } from "./inbox_ids.ts";
import { requireVersion } from "./sqlite_admin_store.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../../shared/platform/platform.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

/** Prepares to put a backup in a database's place: see `StoreAdmin.restore`. */
export async function prepareRestore(
  { rest }: StoreAddress,
  backup: string,
  platform: Platform = thisPlatform,
): Promise<Restore> {
  const path = await databasePath(rest);
  requireStopped(path);
  const counts = formatCounts(examineBackup(backup, false));
  return {
    plan: statIfThere(path) === undefined
      ? `Restore ${path} from ${backup} (${counts})`
      : `Put ${backup} (${counts}) in the place of ${path}, which is kept under another name`,
    async run() {
      const kept = await restoreDatabase(path, backup, platform);
      const before = kept === undefined
        ? ""
        : `; what was there before is ${kept} now`;
      return `restored ${path} from ${backup}: ${counts}${before}`;
    },
  };
}

/**
 * Reads through a backup and leaves it as it is.
 *
 * @param mustBeCurrent refuses one of an older version
 * @throws {StoreError} where it isn't a relay's, isn't whole or is of a newer version
 */
export function examineBackup(
  path: string,
  mustBeCurrent: boolean,
): StoreCounts {
  try {
    if (statIfThere(path)?.isFile !== true) {
      throw new StoreError("there is no such file");
    }
    return lookInto(path, (database) => {
      const version = schemaVersion(database);
      if (version === 0) throw new StoreError("it is empty");
      if (mustBeCurrent) requireVersion(version);
      const damage = findDamage(database, "integrity_check");
      if (damage !== undefined) {
        throw new StoreError(`it is damaged (${damage})`);
      }
      return countContent(database);
    });
  } catch (cause) {
    throw new StoreError(`Can't restore ${path}: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Sees to it that no relay uses a database.
 *
 * @throws {StoreError} where one does
 */
export function requireStopped(path: string): void {
  if (!isStoreLocked(path)) return;
  throw new StoreError(`A relay runs on ${path}: stop it first`);
}

/**
 * Puts a copy of a backup in a database's place, with the highest id of every
 * inbox raised by `ID_JUMP`. It keeps its version: an older relay may be meant
 * to go on with it. What is there gets another name; cut off at any moment, one of the two is there, whole.
 *
 * @returns the name of the database that was there before; undefined where none was
 * @throws {StoreError} where a relay runs, or the backup can't be used
 * @throws {Error} where it can't be written
 */
async function restoreDatabase(
  path: string,
  backup: string,
  platform: Platform,
): Promise<string | undefined> {
  requireStopped(path);
  const lock = lockStore(path);
  try {
    requireWritable(path);
    examineBackup(backup, false);
    const fresh = freePath(`${path}-restoring`);
    await copyInto(fresh, backup);
    let kept: string | undefined;
    let isInPlace = false;
    try {
      await goOnBehindLostIds(fresh);
      if (platform.hasModes) await makeLike(fresh, path);
      kept = await keepOld(path);
      // A log that isn't its own would be read into it.
      for (const suffix of COMPANIONS) await removeIfThere(path + suffix);
      await syncFolder(dirname(path));
      await Deno.rename(fresh, path);
      isInPlace = true;
      await syncFolder(dirname(path));
      return kept;
    } catch (error) {
      await removeIfThere(fresh);
      // A second name of the file that stays would let two programs use it apart.
      if (kept !== undefined && !isInPlace) {
        for (const suffix of ["", ...COMPANIONS]) {
          await removeIfThere(kept + suffix);
        }
      }
      throw error;
    }
  } finally {
    lock.release();
  }
}

async function copyInto(path: string, backup: string): Promise<void> {
  using source = openDatabase(backup, { readonly: true });
  await copyDatabase(source.database, path);
}

/** Ids may have been given out since the backup: none of them may come again. */
async function goOnBehindLostIds(path: string): Promise<void> {
  using fresh = openDatabase(path, { create: false });
  configure(fresh.database);
  await raiseIds(fresh.database);
}

/** The relay's user must be able to use what another user restores. */
async function makeLike(path: string, old: string): Promise<void> {
  const { mode, uid, gid } = statIfThere(old) ?? {};
  if (mode != null) await Deno.chmod(path, mode & 0o770);
  const made = statIfThere(path);
  if (uid == null || gid == null) return;
  if (uid !== made?.uid || gid !== made.gid) await Deno.chown(path, uid, gid);
}

/** Gives what is there a second name, with its log where it has one. */
async function keepOld(path: string): Promise<string | undefined> {
  if (!emptyLog(path)) {
    throw new StoreError(
      `Another program uses ${path}: wait until it is done, or stop it`,
    );
  }
  const there = ["", ...COMPANIONS].filter((suffix) =>
    statIfThere(path + suffix) !== undefined
  );
  if (there.length === 0) return undefined;
  const kept = freePath(`${path}-before-restore`);
  for (const suffix of there) await keep(path + suffix, kept + suffix);
  return kept;
}

/**
 * Copies a whole database's log into it; a damaged one keeps its own.
 *
 * @returns false where another program uses the log
 */
function emptyLog(path: string): boolean {
  try {
    // Only what was found whole, opened to be read, may be opened to be written.
    lookInto(path, (database) => {
      schemaVersion(database);
      checkWhole(database);
    });
    using whole = openDatabase(path, { create: false });
    const row = whole.database.prepare<{ busy: number }>(
      "PRAGMA wal_checkpoint(TRUNCATE)",
    ).get();
    return row?.busy !== 1;
  } catch {
    // What isn't there, or can't be read, is kept as it is.
    return true;
  }
}

async function keep(path: string, kept: string): Promise<void> {
  try {
    await Deno.link(path, kept);
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw error;
    // Not every file system has links.
    await Deno.copyFile(path, kept);
    giveToOwner(kept);
  }
}
