/**
 * What a bench ran on, so that its numbers can be read elsewhere.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { spreadOf } from "./table.ts";

const SYNCS = 50;
const SYNCED_BYTES = 70_000;
/** Milliseconds below which a sync can't have reached a disk. */
const SUSPICIOUS_SYNC = 0.05;

/**
 * Describes this machine and the disk of a folder in one line; warns on
 * standard error where the folder can't be on a disk.
 */
export function describeMachine(dir: string): string {
  const sync = measureSync(dir);
  if (sync < SUSPICIOUS_SYNC) {
    console.error(
      `warning: ${dir} syncs in ${
        (1000 * sync).toFixed(0)
      } µs, so it isn't on a disk, or the disk doesn't sync: choose another with --dir`,
    );
  }
  return [
    `${navigator.hardwareConcurrency} cores`,
    `Deno ${Deno.version.deno}`,
    `SQLite ${sqliteVersion()}`,
    `fdatasync of ${SYNCED_BYTES / 1000} KB in ${sync.toFixed(2)} ms`,
  ].join(", ");
}

/** The median time in milliseconds. */
function measureSync(dir: string): number {
  const path = `${dir}/sync`;
  using file = Deno.openSync(path, { write: true, create: true });
  const bytes = new Uint8Array(SYNCED_BYTES);
  const times = Array.from({ length: SYNCS }, () => {
    file.writeSync(bytes);
    const start = performance.now();
    file.syncDataSync();
    return performance.now() - start;
  });
  Deno.removeSync(path);
  return spreadOf(times).median;
}

function sqliteVersion(): string {
  const database = new Database(":memory:");
  const row = database.prepare<{ version: string }>(
    "SELECT sqlite_version() AS version",
  ).get();
  database.close();
  return row?.version ?? "?";
}
