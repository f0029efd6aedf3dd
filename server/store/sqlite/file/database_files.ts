/**
 * What the file system tells of a database before SQLite is let near it.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { cannotOpen } from "../database_errors.ts";
import { statIfThere } from "./stat_if_there.ts";
import { StoreError } from "../../store.ts";

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
): void {
  if (Deno.build.os === "windows") return;
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
