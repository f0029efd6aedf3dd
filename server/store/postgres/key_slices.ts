/**
 * Tables as slices of neighbouring keys, so that a statement over a whole table
 * becomes many short ones, however large it is.
 *
 * @module
 */

import {
  type Query,
  sql,
  type Statement,
  type Value,
} from "./connection/statement.ts";

/** What each table's rows are found by, and what stands before all of them. */
const KEYS = {
  accounts: [["ID", "bytea", new Uint8Array(0)]],
  activity: [["ID", "bytea", new Uint8Array(0)]],
  messages: [["ToClient", "bytea", new Uint8Array(0)], ["ID", "bigint", 0]],
  parts: [
    ["ToClient", "bytea", new Uint8Array(0)],
    ["ID", "bigint", 0],
    ["Part", "int", 0],
  ],
  profiles: [["ID", "bytea", new Uint8Array(0)]],
  devices: [["Device", "bytea", new Uint8Array(0)]],
  packages: [["Device", "bytea", new Uint8Array(0)], ["Number", "bigint", 0]],
  taken: [
    ["Device", "bytea", new Uint8Array(0)],
    ["Uid", "bytea", new Uint8Array(0)],
  ],
  mail: [["Device", "bytea", new Uint8Array(0)], ["Seq", "bigint", 0]],
  mail_parts: [
    ["Device", "bytea", new Uint8Array(0)],
    ["Seq", "bigint", 0],
    ["Part", "int", 0],
  ],
} as const satisfies Record<
  string,
  readonly (readonly [column: string, type: string, before: Value])[]
>;

/** A table that has such a key. */
export type KeyedTable = keyof typeof KEYS;

/** The key before a slice, and its last one: the first values of a statement about it. */
export type Slice = readonly Value[];

/**
 * Slices that hold a table.
 *
 * @param size rows of each, about
 */
export async function* slicesOf(
  query: Query,
  table: KeyedTable,
  size: number,
): AsyncGenerator<Slice> {
  const statement = lastKey(table, size);
  let from: Value[] = KEYS[table].map(([, , before]) => before);
  for (;;) {
    const [to] = await query<Value[]>(statement, from);
    if (to === undefined) return;
    yield [...from, ...to];
    from = to;
  }
}

/**
 * Sums of each column that a statement about slices returns, over a whole table.
 *
 * @param size rows of each slice, about
 * @param values the statement's values behind those of the slice
 * @returns nothing where the table is empty
 */
export async function sumOverSlices(
  query: Query,
  table: KeyedTable,
  size: number,
  statement: Statement,
  values: readonly Value[] = [],
): Promise<number[]> {
  const sums: number[] = [];
  for await (const slice of slicesOf(query, table, size)) {
    const [row = []] = await query<(number | null)[]>(statement, [
      ...slice,
      ...values,
    ]);
    // A slice whose rows went meanwhile has no sum.
    row.forEach((value, i) => sums[i] = (sums[i] ?? 0) + (value ?? 0));
  }
  return sums;
}

/** SQL for whether a row is in the slice that a statement's first values tell. */
export function inSlice(table: KeyedTable): string {
  const keys = KEYS[table];
  const row = `(${keys.map(([column]) => `${table}.${column}`)})`;
  return `${row} > (${parameters(table, 0)}) AND
    ${row} <= (${parameters(table, keys.length)})`;
}

/** SQL for the columns of a table's key. */
export function keyOf(table: KeyedTable): string {
  return KEYS[table].map(([column]) => column).join();
}

function lastKey(table: KeyedTable, size: number): Statement {
  const columns = KEYS[table].map(([column]) => column);
  return sql(`SELECT * FROM (
    SELECT ${columns} FROM ${table}
    WHERE (${columns}) > (${parameters(table, 0)})
    ORDER BY ${columns} LIMIT ${size}
  ) AS slice ORDER BY ${columns.map((column) => `${column} DESC`)} LIMIT 1`);
}

function parameters(table: KeyedTable, before: number): string {
  return KEYS[table].map(([, type], i) => `$${before + i + 1}::${type}`).join();
}
