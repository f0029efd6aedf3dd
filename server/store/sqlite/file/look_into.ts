import { Database } from "@db/sqlite";
import { waitForOthers } from "../schema.ts";

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
  const database = new Database(path, { readonly: true, int64: true });
  try {
    waitForOthers(database, true);
    // A first read opens the files.
    database.prepare("SELECT 1 FROM sqlite_schema").all();
    return look(database);
  } finally {
    database.close();
  }
}
