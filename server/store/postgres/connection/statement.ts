import { createHash } from "node:crypto";

/** SQL that a connection keeps prepared. */
export interface Statement {
  /** Unique to the text, since poolers share connections between relays of all versions. */
  name: string;
  /** The SQL, with `$1` for the first value. */
  text: string;
  /** It reads a little and writes nothing: a lost answer leaves nothing open. */
  quick: boolean;
}

/** What a statement's `$1` stand for. */
export type Value = Uint8Array | string | number | readonly number[];

/** Runs a statement and returns its rows, the columns in their order. */
export type Query = <Row extends unknown[]>(
  statement: Statement,
  values?: readonly Value[],
) => Promise<Row[]>;

/** Makes a statement. */
export function sql(text: string, quick = false): Statement {
  const name = createHash("sha256").update(text).digest("base64url");
  return { name, text, quick };
}

/** Begins a transaction. */
export const BEGIN: Statement = sql("BEGIN");

/** Commits it. */
export const COMMIT: Statement = sql("COMMIT");

/** Makes a statement that reads a little and writes nothing. */
export function quickSql(text: string): Statement {
  return sql(text, true);
}
