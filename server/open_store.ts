/**
 * Opens the store that a relay's flags name.
 *
 * @module
 */

import type { ServerOptions } from "./options.ts";
import { openSqliteStore } from "./store/sqlite/sqlite.ts";
import type { Store } from "./store/store.ts";

/** What is opened, and how people may be told of it. */
export interface NamedStore {
  /** The store. */
  store: Store;
  /** Its file, or its host and database. */
  name: string;
}

/**
 * Opens it.
 *
 * @param notice is told what was taken over, or brought up to date
 * @param waiting is told that another relay has it, and is to be waited for
 * @throws {StoreError} where it can't be used, with what to do about it
 */
export async function openStore(
  { storeUrl, database, takeOverFrom, takeOver }: Pick<
    ServerOptions,
    "storeUrl" | "database" | "takeOverFrom" | "takeOver"
  >,
  notice: (text: string) => void,
  waiting: () => void,
): Promise<NamedStore> {
  if (storeUrl !== undefined) {
    // Loaded only where it is used: a relay with a file needs nothing of it.
    const { openPostgresStore, storeName } = await import(
      "./store/postgres/mod.ts"
    );
    return {
      store: await openPostgresStore(storeUrl, notice),
      name: storeName(storeUrl),
    };
  }
  const foreign = takeOverFrom === undefined
    ? undefined
    : { from: takeOverFrom, notice };
  return {
    store: await openSqliteStore(database, {
      takeOver: foreign,
      notice,
      ...takeOver && { waiting },
    }),
    name: database,
  };
}
