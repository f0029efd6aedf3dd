/**
 * All that a SQLite store holds, row by row, out of one and into another.
 *
 * @module
 */

import type { BindValue, Database } from "@db/sqlite";
import { firstValue, SORT_SENDINGS } from "../schema.ts";
import { StoreError } from "../../store.ts";
import { countsOf, type StoreCounts } from "../../admin_store.ts";
import {
  columnsOf,
  noRows,
  type StoreRow,
  type StoreTable,
  tableNames,
} from "../../store_rows.ts";
import { withWriteLock } from "./write_lock.ts";

/** Rows that are read at a time; each may have a MiB of content. */
const PAGE = 32;

/** Sendings that are sorted at a time. */
const SENDINGS = 65_536;

/** Everything as of one moment. The database must be asked for nothing else meanwhile. */
export async function* readRows(database: Database): AsyncGenerator<StoreRow> {
  database.exec("BEGIN");
  try {
    for (const table of tableNames) {
      const columns = columnsOf(table)
        .map(({ key, name }) => `${name} AS ${key}`);
      const page = database.prepare<StoreRow & { row: number }>(
        `SELECT rowid AS row, '${table}' AS "table", ${columns}
          FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`,
      );
      for (let rows, last = 0; (rows = page.all(last)).length > 0;) {
        yield* rows;
        last = rows.at(-1)?.row ?? last;
      }
    }
  } finally {
    if (database.inTransaction) database.exec("ROLLBACK");
  }
}

/**
 * Fills an empty database that has its tables, all of it or nothing.
 *
 * @throws {StoreError} where it isn't empty
 */
export async function writeRows(
  database: Database,
  rows: AsyncIterable<StoreRow>,
): Promise<StoreCounts> {
  const inserters = Object.fromEntries(
    tableNames.map((table) => [table, prepareInsert(database, table)]),
  ) as Record<StoreTable, (row: StoreRow) => void>;
  return await withWriteLock(database, async () => {
    if (firstValue(database, "SELECT 1 FROM accounts LIMIT 1") !== undefined) {
      throw new StoreError("it isn't empty");
    }
    const counts = noRows();
    for await (const row of rows) {
      inserters[row.table](row);
      counts[row.table]++;
      if (row.table === "taken" && counts.taken % SENDINGS === 0) {
        database.exec(SORT_SENDINGS);
      }
    }
    database.exec(SORT_SENDINGS);
    return countsOf(counts);
  });
}

function prepareInsert(
  database: Database,
  table: StoreTable,
): (row: StoreRow) => void {
  const columns = columnsOf(table);
  const insert = database.prepare(
    `INSERT INTO ${table} (${columns.map(({ name }) => name)})
      VALUES (${columns.map(() => "?")})`,
  );
  return (row) => {
    const values = row as unknown as Record<string, BindValue>;
    insert.run(...columns.map(({ key }) => values[key] ?? null));
  };
}
