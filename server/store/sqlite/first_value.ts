import type { Database } from "@db/sqlite";

/** The first column of a statement's first row; undefined where there is none. */
export function firstValue(database: Database, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}
