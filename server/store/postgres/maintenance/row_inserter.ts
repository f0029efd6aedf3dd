import { concat } from "@std/bytes";
import {
  columnsOf,
  noRows,
  type StoreRow,
  type StoreTable,
  tableNames,
} from "../../store_rows.ts";
import {
  type Query,
  sql,
  type Statement,
  type Value,
} from "../connection/statement.ts";

/** Rows of one statement, and bytes in them, about. */
const ROWS = 500;
const BYTES = 4 * 1024 * 1024;

// activity goes by the client's id here, and by its position in a row. What it
// has of a secure account is in profiles here.
const INSERTS: Partial<Record<StoreTable, string>> = {
  activity: `INSERT INTO activity (ID, LastSeen, LastMessage)
    SELECT accounts.ID, lastSeen, lastMessage
    FROM rows JOIN accounts ON accounts.Position = rows.position`,
  profiles: `, moved AS (
      DELETE FROM activity USING rows WHERE activity.ID = rows.account
      RETURNING activity.ID, activity.LastSeen, activity.LastMessage
    )
    INSERT INTO profiles (ID, Identity, Version, Record, Closed, LastSeen,
      LastMessage)
    SELECT account, identity, version, record, closed, LastSeen, LastMessage
    FROM rows JOIN moved ON moved.ID = account`,
};

const STATEMENTS = Object.fromEntries(
  tableNames.map((table) => [table, inserting(table)]),
) as Readonly<Record<StoreTable, Statement>>;

/**
 * All bytes go in one piece, of which each row takes its own: arrays of bytes
 * would go as text, and texts in arrays would have to be quoted.
 */
function inserting(table: StoreTable): Statement {
  const values: string[] = [];
  const names: string[] = [];
  const types: string[] = [];
  for (const { key, holds } of columnsOf(table)) {
    if (holds === "number") {
      names.push(key);
      types.push("bigint[]");
      values.push(key);
      continue;
    }
    names.push(`${key}_at`, `${key}_size`);
    types.push("int[]", "int[]");
    const piece = `substring($1::bytea FROM ${key}_at FOR ${key}_size)`;
    values.push(
      `${
        holds === "text" ? `convert_from(${piece}, 'UTF8')` : piece
      } AS ${key}`,
    );
  }
  const columns = columnsOf(table).map(({ name }) => name);
  const insert = INSERTS[table] ??
    `INSERT INTO ${table} (${columns}) SELECT * FROM rows`;
  return sql(
    `WITH rows AS (SELECT ${values} FROM unnest(${
      types.map((type, i) => `$${i + 2}::${type}`)
    }) AS u (${names})) ${insert}`,
  );
}

/**
 * Inserts rows into a PostgreSQL database, some at a time; returns the number
 * of each table.
 */
export async function insertRows(
  query: Query,
  rows: AsyncIterable<StoreRow>,
): Promise<Record<StoreTable, number>> {
  const counts = noRows();
  const waiting = Object.fromEntries(
    tableNames.map((table) => [table, new Group(table)]),
  ) as Record<StoreTable, Group>;
  for await (const row of rows) {
    counts[row.table]++;
    if (waiting[row.table].add(row)) continue;
    // A user's activity goes by its account.
    for (const group of Object.values(waiting)) await group.insert(query);
  }
  for (const group of Object.values(waiting)) await group.insert(query);
  return counts;
}

/** Rows of a table that go in together. */
class Group {
  readonly #table: StoreTable;
  #rows: StoreRow[] = [];
  #bytes = 0;

  constructor(table: StoreTable) {
    this.#table = table;
  }

  /** @returns whether there is room for more */
  add(row: StoreRow): boolean {
    this.#rows.push(row);
    if ("content" in row) this.#bytes += row.content.length;
    if ("record" in row) this.#bytes += row.record.length;
    return this.#rows.length < ROWS && this.#bytes < BYTES;
  }

  async insert(query: Query): Promise<void> {
    if (this.#rows.length === 0) return;
    await query(STATEMENTS[this.#table], encode(this.#table, this.#rows));
    this.#rows = [];
    this.#bytes = 0;
  }
}

function encode(table: StoreTable, rows: readonly StoreRow[]): Value[] {
  const text = new TextEncoder();
  const pieces: Uint8Array[] = [];
  let at = 1;
  const columns = columnsOf(table).flatMap(
    ({ key, holds }) => {
      const values = rows.map((row) =>
        (row as unknown as Record<string, unknown>)[key]
      );
      if (holds === "number") return [values.map(Number)];
      const bytes = values.map((value) =>
        value instanceof Uint8Array ? value : text.encode(String(value))
      );
      const starts = bytes.map((piece) => (at += piece.length) - piece.length);
      pieces.push(...bytes);
      return [starts, bytes.map((piece) => piece.length)];
    },
  );
  return [concat(pieces), ...columns];
}
