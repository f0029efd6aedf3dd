import type { Database } from "@db/sqlite";
import { StoreBusyError, storeError } from "../database_errors.ts";
import { waitForOthers } from "../schema.ts";

/** Milliseconds to wait for a relay that writes all the time. */
const PATIENCE = 30_000;
/** Milliseconds between two tries: a relay lets go only for a moment. */
const PAUSE = 2;

/**
 * Does some work in a transaction, all of it or nothing.
 *
 * @throws {StoreError} where the lock can't be had in time, or the database fails
 * @throws {Error} what `work` threw
 */
export async function withWriteLock<T>(
  database: Database,
  work: () => T | Promise<T>,
): Promise<T> {
  await begin(database);
  try {
    const result = await work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

async function begin(database: Database): Promise<void> {
  const end = performance.now() + PATIENCE;
  // SQLite's own waiting looks so seldom that a busy relay is always there.
  waitForOthers(database, false);
  try {
    for (;;) {
      try {
        database.exec("BEGIN IMMEDIATE");
        return;
      } catch (cause) {
        const error = storeError(cause);
        const isOver = performance.now() > end;
        if (!(error instanceof StoreBusyError) || isOver) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  } finally {
    waitForOthers(database, true);
  }
}
