/**
 * Puts rows into a PostgreSQL database, some at a time.
 *
 * @module
 */

import type { Query, Statement, Value } from "../connection/database.ts";
import type { StoreRow } from "../../admin_store.ts";

/** Rows of one statement, and bytes in them, about. */
const ROWS = 500;
const BYTES = 4 * 1024 * 1024;

type Table = StoreRow["table"];
type Kind = "number" | "text" | "bytes";
type Fields<T extends Table> = Exclude<
  keyof Extract<StoreRow, { table: T }>,
  "table"
>;

/** What kind each field of a row is. */
const FIELDS: { [T in Table]: Record<Fields<T>, Kind> } = {
  accounts: {
    position: "number",
    id: "bytes",
    name: "text",
    publicKey: "bytes",
  },
  activity: { position: "number", lastSeen: "text", lastMessage: "number" },
  messages: {
    id: "number",
    recipient: "bytes",
    sender: "bytes",
    type: "number",
    content: "bytes",
    rest: "number",
    arrived: "number",
  },
  parts: { recipient: "bytes", id: "number", part: "number", content: "bytes" },
};

const STATEMENTS: Readonly<Record<Table, Statement>> = {
  accounts: inserting(
    "accounts",
    "INSERT INTO accounts (Position, ID, UserName, PublicKey) SELECT * FROM rows",
  ),
  // Here it goes by the client's id, there by its position.
  activity: inserting(
    "activity",
    `INSERT INTO activity (ID, LastSeen, LastMessage)
      SELECT accounts.ID, lastSeen, lastMessage
      FROM rows JOIN accounts ON accounts.Position = rows.position`,
  ),
  messages: inserting(
    "messages",
    `INSERT INTO messages
      (ID, ToClient, FromClient, Type, Content, Rest, Arrived) SELECT * FROM rows`,
  ),
  parts: inserting(
    "parts",
    "INSERT INTO parts (ToClient, ID, Part, Content) SELECT * FROM rows",
  ),
};

/**
 * All bytes go in one piece, of which each row takes its own: arrays of bytes
 * would go as text, and texts in arrays would have to be quoted.
 */
function inserting(table: Table, insert: string): Statement {
  const values: string[] = [];
  const names: string[] = [];
  const types: string[] = [];
  for (const [field, kind] of Object.entries<Kind>(FIELDS[table])) {
    if (kind === "number") {
      names.push(field);
      types.push("bigint[]");
      values.push(field);
      continue;
    }
    names.push(`${field}_at`, `${field}_size`);
    types.push("int[]", "int[]");
    const piece = `substring($1::bytea FROM ${field}_at FOR ${field}_size)`;
    values.push(
      `${
        kind === "text" ? `convert_from(${piece}, 'UTF8')` : piece
      } AS ${field}`,
    );
  }
  return {
    name: `fill-${table}`,
    text: `WITH rows AS (SELECT ${values} FROM unnest(${
      types.map((type, i) => `$${i + 2}::${type}`)
    }) AS u (${names})) ${insert}`,
  };
}

/** Puts rows in; returns how many each table got. */
export async function insertRows(
  query: Query,
  rows: AsyncIterable<StoreRow>,
): Promise<Record<Table, number>> {
  const counts = { accounts: 0, activity: 0, messages: 0, parts: 0 };
  const waiting: { [T in Table]: Group } = {
    accounts: new Group("accounts"),
    activity: new Group("activity"),
    messages: new Group("messages"),
    parts: new Group("parts"),
  };
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
  readonly #table: Table;
  #rows: StoreRow[] = [];
  #bytes = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  /** @returns whether there is room for more */
  add(row: StoreRow): boolean {
    this.#rows.push(row);
    if ("content" in row) this.#bytes += row.content.length;
    return this.#rows.length < ROWS && this.#bytes < BYTES;
  }

  async insert(query: Query): Promise<void> {
    if (this.#rows.length === 0) return;
    await query(STATEMENTS[this.#table], encode(this.#table, this.#rows));
    this.#rows = [];
    this.#bytes = 0;
  }
}

function encode(table: Table, rows: readonly StoreRow[]): Value[] {
  const text = new TextEncoder();
  const pieces: Uint8Array[] = [];
  let at = 1;
  const columns = Object.entries<Kind>(FIELDS[table]).flatMap(
    ([field, kind]) => {
      const values = rows.map((row) =>
        (row as unknown as Record<string, unknown>)[field]
      );
      if (kind === "number") return [values.map(Number)];
      const bytes = values.map((value) =>
        value instanceof Uint8Array ? value : text.encode(String(value))
      );
      const starts = bytes.map((piece) => (at += piece.length) - piece.length);
      pieces.push(...bytes);
      return [starts, bytes.map((piece) => piece.length)];
    },
  );
  const all = new Uint8Array(at - 1);
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return [all, ...columns];
}
