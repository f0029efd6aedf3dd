/**
 * Keeps a database as it was before its tables are brought up to date.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { copyDatabase } from "./database_copy.ts";
import { freePath } from "./free_path.ts";
import { SCHEMA_VERSION, schemaVersion } from "../schema.ts";
import { StoreError } from "../../store.ts";

/**
 * Copies a database of an older version to a file beside it:
 * `db.defensive-backup-v3`, or with a number behind where that is taken.
 *
 * @returns the copy's path, or undefined where the tables are of today
 * @throws {StoreError} where there can be no copy; nothing of it is left then
 */
export async function backUpOlder(
  database: Database,
  path: string,
): Promise<string | undefined> {
  const version = schemaVersion(database);
  if (version === 0 || version === SCHEMA_VERSION) return undefined;
  const backup = freePath(`${path}-backup-v${version}`);
  try {
    await copyDatabase(database, backup);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new StoreError(
      `its tables are an older relay's, and no copy of it can be kept before they are brought up to date: ${reason}`,
      { cause },
    );
  }
  return backup;
}
