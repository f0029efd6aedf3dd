import type { BindValue, Database, Statement } from "@db/sqlite";
import { type RowSource, rowSource } from "./schema.ts";
import type { Value } from "./database.ts";

/** Rows that are held at a time; a text may have 16 MiB. */
const PAGE = 16;
/** A column that means nothing in a copy. */
const LEFT_OUT = "sender";

/**
 * Copies the rows of all tables that the target has, column by column as the
 * target knows them: nothing else of the source counts.
 *
 * @param note called with each row, in a fixed order
 */
export function copyTables(
  from: RowSource,
  to: Database,
  note: (row: readonly BindValue[]) => void,
): void {
  const tables = rowSource(to).rows<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  for (const { name } of tables) copyRows(from, to, name, note);
  // Numbers of messages that are gone aren't given again.
  const sequences = from.rows<{ name: string; seq: number }>(
    "SELECT name, seq FROM sqlite_sequence ORDER BY name",
  );
  for (const { name, seq } of sequences) {
    note(["sqlite_sequence", name, seq]);
    to.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = ?")
      .run(seq, name);
  }
}

function copyRows(
  from: RowSource,
  to: Database,
  table: string,
  note: (row: readonly BindValue[]) => void,
): void {
  const columns = rowSource(to).rows<{ name: string; pk: number }>(
    `SELECT name, pk FROM pragma_table_info('${table}')`,
  ).filter(({ name }) => name !== LEFT_OUT);
  const names = columns.map(({ name }) => name);
  const keys = columns.filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a.pk) - Number(b.pk)).map(({ name }) => name);
  const insert: Statement = to.prepare(
    `INSERT INTO ${table} (${names.join()}) VALUES (${marks(names)})`,
  );
  const page = (condition: string, last: readonly BindValue[]) =>
    from.rows<Record<string, Value>>(
      `SELECT ${names.join()} FROM ${table} ${condition} ORDER BY ${keys.join()} LIMIT ${PAGE}`,
      ...last,
    );
  let rows = page("", []);
  while (rows.length > 0) {
    for (const row of rows) {
      const values = names.map((name) => row[name] ?? null);
      note([table, ...values]);
      insert.run(...values);
    }
    if (rows.length < PAGE) return;
    const last = rows.at(-1);
    rows = page(
      `WHERE (${keys.join()}) > (${marks(keys)})`,
      keys.map((key) => last?.[key] ?? null),
    );
  }
}

function marks(names: readonly string[]): string {
  return names.map(() => "?").join();
}
