/**
 * What a relay's database holds, and whether it is whole.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { storeError } from "../database_errors.ts";
import { firstValue } from "../first_value.ts";
import { OWN_TIME, prepareSchema } from "../schema.ts";
import { StoreDamagedError, StoreError } from "../../store.ts";

/** What was found in a database. */
export interface StoreContent {
  /** Registered users. */
  users: number;
  /** Waiting messages. */
  messages: number;
  /** The latest visit of a user, as far as its time can be read. */
  latestVisit: Date | undefined;
  /** The relay makes the tables, or brings them up to date, at its start. */
  unready: boolean;
  /** Milliseconds that the whole file took to check. */
  checkTime: number;
}

/**
 * Reads through a database that was opened to be read only.
 *
 * @throws {StoreDamagedError} where it is broken; the message says how
 * @throws {StoreError} where it isn't a relay's, or a newer relay's
 */
export function readStoreContent(database: Database): StoreContent {
  const unready = !isReady(database);
  const start = performance.now();
  const found = firstValue(database, "PRAGMA quick_check(1)");
  const checkTime = performance.now() - start;
  if (found !== "ok") {
    throw new StoreDamagedError(String(found).replaceAll(/\s+/g, " "));
  }
  if (firstValue(database, "SELECT count(*) FROM sqlite_schema") === 0) {
    return {
      users: 0,
      messages: 0,
      latestVisit: undefined,
      unready,
      checkTime,
    };
  }
  const latest = firstValue(
    database,
    `SELECT max(LastSeen) FROM clients WHERE ${OWN_TIME}`,
  );
  const visit = new Date(String(latest));
  return {
    users: Number(firstValue(database, "SELECT count(*) FROM clients")),
    messages: Number(firstValue(database, "SELECT count(*) FROM messages")),
    latestVisit: Number.isNaN(visit.getTime()) ? undefined : visit,
    unready,
    checkTime,
  };
}

/** Does what the relay does at its start, on a file that can't be changed. */
function isReady(database: Database): boolean {
  try {
    prepareSchema(database, () => undefined);
    return true;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (storeError(error) instanceof StoreDamagedError) throw error;
    // It had something to write.
    return false;
  }
}
