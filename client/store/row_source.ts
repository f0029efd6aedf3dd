import type { BindValue, Database } from "@db/sqlite";

/** What rows are read from. */
export interface RowSource {
  /** All rows of a query. */
  rows<T extends object>(sql: string, ...params: BindValue[]): T[];
}

/** An open database as one. */
export function rowSource(database: Database): RowSource {
  return {
    rows: <T extends object>(sql: string, ...params: BindValue[]) =>
      database.prepare(sql).all<T>(...params),
  };
}
