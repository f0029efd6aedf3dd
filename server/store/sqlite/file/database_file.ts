/**
 * A database's file and what lies beside it: what the file system tells before
 * SQLite opens it, and looks into it that change nothing.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { Database } from "@db/sqlite";
import { cannotOpen, damaged } from "../database_errors.ts";
import {
  FIRST_SECURE,
  firstValue,
  schemaVersion,
  waitForOthers,
} from "../schema.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../../shared/platform/platform.ts";
import { statIfThere } from "../../../../shared/folder/durable_files.ts";
import type { StoreCounts } from "../../admin_store.ts";
import { StoreError } from "../../store.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

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
    if (!hasCode(error, "ENOENT")) throw cannotOpen(error);
  }
}

/** Permissions of all who are neither the owner nor in the group. */
const OTHERS = 0o007;

/**
 * Closes a database to all other users where it is open to them, as older
 * relays made it. A group that its owner let in stays in.
 *
 * @param notice is told of it
 */
export function closeToOthers(
  path: string,
  notice: (text: string) => void,
  { hasModes }: Platform = thisPlatform,
): void {
  if (!hasModes) return;
  const open = ["", ...COMPANIONS].map((suffix) => path + suffix)
    .filter((file) => ((statIfThere(file)?.mode ?? 0) & OTHERS) !== 0);
  if (open.length === 0) return;
  const was = `${path} was open to every user of this machine`;
  try {
    for (const file of open) Deno.chmodSync(file, 0o600);
    notice(`${was}: it is its owner's alone now, with mode 600`);
  } catch (error) {
    const reason = reasonOf(error);
    notice(`${was}, and still is (${reason}): chmod 600 it as its owner`);
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

/**
 * The path of the file itself where a database's path is a symbolic link:
 * SQLite's log lies beside the file, and so does its lock, whatever name it is
 * opened by.
 *
 * @throws {StoreError} where the link leads nowhere
 */
export async function databasePath(path: string): Promise<string> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (!info?.isSymlink) return path;
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    throw new StoreError(
      `Can't use the database ${path}: it is a link to a file that isn't there. ` +
        "Remove the link, or put the file back",
      { cause },
    );
  }
}

/**
 * Looks into a database where it is. What is in its log (the `-wal` file) stays
 * there; where none is, an empty one and its index may be left beside it.
 *
 * @throws {Error} where it can't be opened, or what `look` threw
 */
export function lookInto<T>(
  path: string,
  look: (database: Database) => T,
): T {
  using opened = openDatabase(path, { readonly: true });
  const { database } = opened;
  waitForOthers(database, true);
  // A first read opens the files.
  database.prepare("SELECT 1 FROM sqlite_schema").all();
  return look(database);
}

/** An open database, closed at the end of its scope. */
export interface OpenDatabase extends Disposable {
  database: Database;
}

/** Opens a database, without one where it isn't there unless `create` says so. */
export function openDatabase(
  path: string,
  options: { readonly: true } | { create: boolean },
): OpenDatabase {
  const database = new Database(path, { int64: true, ...options });
  return { database, [Symbol.dispose]: () => database.close() };
}

/**
 * The damage that a check finds in a database.
 *
 * @returns a sentence on one line; undefined where it is whole
 */
export function findDamage(
  database: Database,
  check: "quick_check" | "integrity_check",
): string | undefined {
  const found = String(firstValue(database, `PRAGMA ${check}(1)`));
  return found === "ok" ? undefined : found.replaceAll(/\s+/g, " ");
}

/** Bytes of the largest file that is checked whole at each start: about half a second. */
const MOST_CHECKED = 256 * 1024 * 1024;

/**
 * Looks through a database of a moderate size.
 *
 * @throws {StoreDamagedError} where something is wrong in it
 */
export function checkWhole(database: Database): void {
  const value = (pragma: string) => firstValue(database, `PRAGMA ${pragma}`);
  const size = Number(value("page_count")) * Number(value("page_size"));
  if (size > MOST_CHECKED) return;
  const damage = findDamage(database, "quick_check");
  if (damage !== undefined) throw damaged(damage);
}

/** How much is in a relay's database of any version. */
export function countContent(database: Database): StoreCounts {
  const count = (table: string) =>
    Number(firstValue(database, `SELECT count(*) FROM ${table}`));
  const mail = schemaVersion(database) < FIRST_SECURE ? 0 : count("mail");
  return { users: count("clients"), messages: count("messages") + mail };
}
