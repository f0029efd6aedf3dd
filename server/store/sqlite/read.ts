import type { Database } from "@db/sqlite";
import { storeError } from "./database_errors.ts";

/** @throws {StoreError} where the database fails */
export function read<T>(query: () => T): T {
  try {
    return query();
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Reads several times as of one moment: the writer doesn't stand still.
 *
 * @throws {StoreError} where the database fails
 */
export function readAtOnce<T>(database: Database, query: () => T): T {
  return read(() => {
    database.exec("BEGIN");
    try {
      return query();
    } finally {
      // Nothing was written.
      if (database.inTransaction) database.exec("ROLLBACK");
    }
  });
}
