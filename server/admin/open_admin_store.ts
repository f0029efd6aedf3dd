import { storeName } from "../store/postgres/connection/store_url.ts";
import { withReserve } from "../store/sqlite/reserve.ts";
import type { AdminStore } from "./admin_store.ts";
import { openSqliteAdminStore } from "../store/sqlite/maintenance/sqlite_admin_store.ts";

/** Where a store is. */
export type StorePlace =
  /** In a SQLite file. */
  | { kind: "file"; path: string }
  /** In a PostgreSQL database. */
  | { kind: "url"; url: string; file: string | undefined };

/**
 * Opens a store, for as long as a verb takes.
 *
 * @throws {Error} where it can't be used, with what to do about it
 */
export async function openAdminStore(place: StorePlace): Promise<AdminStore> {
  if (place.kind === "url") return await openDatabase(place.url, false);
  const { path } = place;
  return await withReserve(path, () => openSqliteAdminStore(path));
}

/**
 * Opens a database that may have no tables yet; it gets them.
 *
 * @throws {Error} where it can't be used, with what to do about it
 */
export async function openDatabase(
  url: string,
  mayBeNew: boolean,
): Promise<AdminStore> {
  // Loaded only where it is used: a store in a file needs nothing of it.
  const { openPostgresAdminStore } = await import(
    "../store/postgres/maintenance/postgres_admin_store.ts"
  );
  return await openPostgresAdminStore(url, mayBeNew);
}

/** How people may be told of a store. */
export function nameOf(place: StorePlace): string {
  return place.kind === "file" ? place.path : storeName(place.url);
}
