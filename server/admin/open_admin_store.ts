import { UsageError } from "../../shared/usage_error.ts";
import type { AdminStore } from "./admin_store.ts";
import { openSqliteAdminStore } from "./sqlite/sqlite_admin_store.ts";

/** Where a store is. */
export type StorePlace =
  /** In a SQLite file. */
  | { kind: "file"; path: string }
  /** Elsewhere. */
  | { kind: "url"; url: string };

/**
 * Opens a store, for as long as a verb takes.
 *
 * @throws {UsageError} where this program knows no such store
 * @throws {Error} where it can't be used, with what to do about it
 */
// deno-lint-ignore require-await -- not every kind of store opens at once
export async function openAdminStore(place: StorePlace): Promise<AdminStore> {
  return openSqliteAdminStore(pathOf(place));
}

/**
 * The path of a store in a file.
 *
 * @throws {UsageError} where it isn't in one
 */
export function pathOf(place: StorePlace): string {
  if (place.kind === "file") return place.path;
  throw new UsageError(
    "--store: only stores in a SQLite file can be looked after so far, with --dir or --db",
  );
}
