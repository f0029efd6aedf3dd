/**
 * Copies of a SQLite file: whole or not there at all.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { basename, dirname } from "node:path";
import {
  freeSpace,
  giveToOwner,
  moveNew,
  removeIfThere,
  syncFile,
  syncFolder,
} from "../../../../shared/folder/durable_files.ts";
import { formatBytes } from "../../../../shared/cli/figures.ts";
import { COMPANIONS, findDamage, openDatabase } from "./database_file.ts";
import { firstValue } from "../schema.ts";
import { StoreError } from "../../store.ts";

/**
 * Writes a copy as of one moment into a new file: with mode 0600, checked, on
 * the disk and without a log beside it. Until then it has another name, which
 * begins like this one and goes on with `.partial-`.
 *
 * @param source an open database, which others may go on writing
 * @throws {Error} where the path is taken (`EEXIST`)
 * @throws {StoreError} where there is no room for it, or the copy isn't whole
 * @throws {Error} where it can't be written; nothing of it is left then
 */
export async function copyDatabase(
  source: Database,
  path: string,
): Promise<void> {
  await requireRoom(sizeOf(source), dirname(path));
  await writeNewDatabase(path, (partial) => copyPages(source, partial));
}

/**
 * Has a new database written under another name, then gives it its own.
 *
 * @param write is given that name, of an empty file with mode 0600
 * @throws {Error} where the path is taken (`EEXIST`)
 * @throws {Error} what `write` threw; nothing of it is left then
 */
export async function writeNewDatabase(
  path: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const partial = await Deno.makeTempFile({
    dir: folder,
    prefix: `${basename(path)}.partial-`,
  });
  giveToOwner(partial);
  try {
    await write(partial);
    await syncFile(partial);
    await moveNew(partial, path);
  } catch (error) {
    for (const suffix of ["", ...COMPANIONS]) {
      await removeIfThere(partial + suffix);
    }
    throw error;
  }
  await syncFolder(folder);
}

function sizeOf(source: Database): number {
  const value = (name: string) => Number(firstValue(source, `PRAGMA ${name}`));
  return value("page_count") * value("page_size");
}

/**
 * Sees to it that a copy has room in a folder, as far as the system tells.
 *
 * @param size bytes
 * @throws {StoreError} where it hasn't
 */
export async function requireRoom(size: number, folder: string): Promise<void> {
  const free = await freeSpace(folder);
  if (free === undefined || free > size) return;
  throw new StoreError(
    `a copy takes ${formatBytes(size)}, but ${
      formatBytes(free)
    } are free in ${folder}: make room there`,
  );
}

async function copyPages(source: Database, path: string): Promise<void> {
  using opened = openDatabase(path, { create: true });
  const copy = opened.database;
  const counts = await countAndCopy(source, copy);
  // Without a log beside it the file may be moved alone.
  copy.exec("PRAGMA journal_mode = DELETE");
  requireWhole(copy, countRows(copy) === counts);
}

/**
 * Checks a copy.
 *
 * @param isComplete whether it has as many rows as it should
 * @throws {StoreError} where it isn't whole
 */
export function requireWhole(copy: Database, isComplete: boolean): void {
  const damage = findDamage(copy, "integrity_check");
  if (damage === undefined && isComplete) return;
  throw new StoreError(
    `the copy isn't whole (${damage ?? "ok"}): see to the disk, then try again`,
  );
}

/** @returns what is in it, as of the moment of the copy */
async function countAndCopy(
  source: Database,
  copy: Database,
): Promise<string> {
  source.exec("BEGIN");
  try {
    const counts = countRows(source);
    await source.backup(copy);
    return counts;
  } finally {
    // Others may begin their log anew only after this.
    source.exec("ROLLBACK");
  }
}

function countRows(database: Database): string {
  const tables = database.prepare<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
  ).all();
  return tables.map(({ name }) =>
    `${name} ${firstValue(database, `SELECT count(*) FROM "${name}"`)}`
  ).join();
}
