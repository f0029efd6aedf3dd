import type { Query, Statement } from "./connection/database.ts";
import { inSlice, type KeyedTable, slicesOf } from "./key_slices.ts";

/** Rows that are counted by one statement. */
const SLICE = 20_000;

const sums: Readonly<Record<"accounts" | "messages", string>> = {
  accounts: "count(*)",
  messages: "count(*), sum(octet_length(Content) + Rest)::bigint",
};

/** How much a database holds. */
export interface ContentCounts {
  /** Registered users. */
  users: number;
  /** Waiting messages. */
  messages: number;
  /** Bytes of their contents. */
  bytes: number;
}

/** Counts it: as of one moment within a transaction that reads so. */
export async function countContent(query: Query): Promise<ContentCounts> {
  const [users = 0] = await sum(query, "accounts");
  const [messages = 0, bytes = 0] = await sum(query, "messages");
  return { users, messages, bytes };
}

async function sum(
  query: Query,
  table: KeyedTable & keyof typeof sums,
): Promise<number[]> {
  const statement: Statement = {
    name: `sum-${table}`,
    text: `SELECT ${sums[table]} FROM ${table} WHERE ${inSlice(table)}`,
  };
  const total: number[] = [];
  for await (const slice of slicesOf(query, table, SLICE)) {
    const [row = []] = await query<(number | null)[]>(statement, slice);
    // A slice whose rows went meanwhile has no sum.
    row.forEach((value, i) => total[i] = (total[i] ?? 0) + (value ?? 0));
  }
  return total;
}
