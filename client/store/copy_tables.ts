import type { BindValue, Database, Statement } from "@db/sqlite";

/** Rows that are held at a time. */
const PAGE = 200;

/** A table as SQLite lists it. */
interface Table {
  name: string;
  sql: string;
  withoutRowid: number;
}

/**
 * Copies tables, their rows and their indices into an empty database, and the
 * schema's version.
 *
 * @param wanted says which tables, by their names
 */
export function copyTables(
  from: Database,
  to: Database,
  wanted: (table: string) => boolean = () => true,
): void {
  const tables = from.prepare<Table>(
    `SELECT m.name, m.sql, l.wr AS withoutRowid
     FROM sqlite_master m JOIN pragma_table_list l ON l.name = m.name
     WHERE m.type = 'table' AND l.schema = 'main' AND m.name NOT LIKE 'sqlite_%'`,
  ).all().filter(({ name }) => wanted(name));
  // A contact and its key name each other.
  to.exec("PRAGMA foreign_keys = OFF");
  for (const table of tables) {
    to.exec(table.sql);
    copyRows(from, to, table);
  }
  const indices = from.prepare<{ tbl_name: string; sql: string }>(
    "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
  ).all();
  for (const { tbl_name, sql } of indices) if (wanted(tbl_name)) to.exec(sql);
  // Numbers of messages that are gone aren't given again.
  const sequences = from.prepare<{ name: string; seq: number }>(
    "SELECT name, seq FROM sqlite_sequence",
  ).all();
  for (const { name, seq } of sequences) {
    to.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = ?")
      .run(seq, name);
  }
  const row = from.prepare<{ user_version: number }>("PRAGMA user_version")
    .get();
  to.exec(`PRAGMA user_version = ${Number(row?.user_version)}`);
}

function copyRows(
  from: Database,
  to: Database,
  { name, withoutRowid }: Table,
): void {
  const paged = Number(withoutRowid) === 0;
  const select = from.prepare<Record<string, BindValue>>(
    paged
      ? `SELECT rowid AS "row number", * FROM "${name}" WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`
      : `SELECT * FROM "${name}"`,
  );
  let insert: Statement | undefined;
  for (let last: BindValue = 0;;) {
    const rows: Record<string, BindValue>[] = select.all(
      ...(paged ? [last] : []),
    );
    for (const row of rows) {
      const { "row number": number, ...columns } = row;
      last = number ?? last;
      const names = Object.keys(columns);
      insert ??= to.prepare(
        `INSERT INTO "${name}" ("${names.join('", "')}") VALUES (${
          names.map(() => "?").join()
        })`,
      );
      insert.run(...Object.values(columns));
    }
    if (!paged || rows.length < PAGE) return;
  }
}
