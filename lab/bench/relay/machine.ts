/**
 * What a bench ran on, so that its numbers can be read elsewhere.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { spreadOf } from "./spread.ts";

const SYNCS = 50;
const SYNCED_BYTES = 70_000;
/** Milliseconds below which a sync can't have reached a disk. */
const SUSPICIOUS_SYNC = 0.05;

/** A machine. */
export interface Machine {
  /** It in one line. */
  text: string;
  /** What is wrong with it for this, if anything. */
  warning: string | undefined;
}

/** Describes this machine and the disk that a folder is on. */
export function describeMachine(dir: string): Machine {
  const sync = measureSync(dir);
  const text = [
    `${navigator.hardwareConcurrency} cores`,
    `Deno ${Deno.version.deno}`,
    `SQLite ${sqliteVersion()}`,
    `fdatasync of ${SYNCED_BYTES / 1000} KB in ${sync.toFixed(2)} ms`,
  ].join(", ");
  const warning = sync < SUSPICIOUS_SYNC
    ? `${dir} syncs in ${
      (1000 * sync).toFixed(0)
    } µs, so it isn't on a disk, or the disk doesn't sync: choose another with --dir`
    : undefined;
  return { text, warning };
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
