/**
 * The format of an archive, which moves a client to another machine: an SQLite
 * file with the tables of the store, the identity and the received files.
 *
 * @module
 */

import { type BindValue, Database, type Statement } from "@db/sqlite";
import { openRegular, readFull } from "../../shared/folder/durable_files.ts";
import type { Value } from "../store/database.ts";
import {
  createTables,
  type RowSource,
  rowSource,
  SCHEMA_VERSION,
  schemaOf,
  type SchemaPart,
} from "../store/schema.ts";
import { createHash } from "node:crypto";

/** "MsgU", in the file's header: tells an archive from other SQLite files. */
const APPLICATION_ID = 0x4d736755;
/**
 * Version of the format, in the file's header: it changes with the store's tables,
 * and is one more than their version.
 */
const VERSION = SCHEMA_VERSION + 1;
/** The oldest version that can be read. */
const OLDEST_VERSION = 2;
/** Bytes of an SQLite file's header. */
const HEADER_SIZE = 100;
/** The start of an SQLite file. */
const MAGIC = "SQLite format 3\0";
/** Rows that are held at a time; a text may have 16 MiB. */
const PAGE = 16;
/**
 * Columns without a meaning in a copy: what sends a message, and whether it goes
 * out by itself, which only the original may do.
 */
const LEFT_OUT = ["sender", "unreached"];

const TABLES = `
CREATE TABLE transfer (identity TEXT NOT NULL, digest BLOB NOT NULL);
CREATE TABLE transferFiles (
  message INTEGER NOT NULL,
  piece INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (message, piece)
);
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${VERSION};
`;

/** Creates the tables that an archive has in addition to those of a store. */
export function createTransferTables(database: Database): void {
  database.exec(TABLES);
}

/** The schema of an archive with the tables of a version of the store. */
export function archiveSchema(storeVersion: number): SchemaPart[] {
  const model = new Database(":memory:");
  try {
    createTables(model, storeVersion);
    createTransferTables(model);
    return schemaOf(rowSource(model));
  } finally {
    model.close();
  }
}

/** What an archive's header tells. */
export interface ArchiveHeader {
  /** The file's size in bytes. */
  readonly size: number;
  /** The version of the store's tables in it. */
  readonly storeVersion: number;
}

/**
 * Checks the header of a file before SQLite opens it.
 *
 * @throws {Error} where it isn't an archive, or has an unknown version
 */
export async function checkHeader(path: string): Promise<ArchiveHeader> {
  using file = await openRegular(path);
  const header = new Uint8Array(HEADER_SIZE);
  await readFull(file, header);
  const view = new DataView(header.buffer);
  // 1 and 1: written and read without a write-ahead log.
  const isOurs = databaseKind(header) === "archive" &&
    view.getUint16(18) === 0x0101;
  if (!isOurs) throw new Error("it is none that export made");
  const version = view.getUint32(60);
  if (version < OLDEST_VERSION || version > VERSION) {
    throw new Error(
      `it is of version ${version}, this program reads ${OLDEST_VERSION} to ${VERSION}`,
    );
  }
  return { size: (await file.stat()).size, storeVersion: version - 1 };
}

/** The kind of a file by its first bytes; undefined where it isn't an SQLite database. */
export function databaseKind(
  bytes: Uint8Array,
): "archive" | "database" | undefined {
  const header = bytes.slice(0, HEADER_SIZE);
  const magic = new TextDecoder().decode(header.subarray(0, MAGIC.length));
  if (magic !== MAGIC || header.length < HEADER_SIZE) return undefined;
  const id = new DataView(header.buffer).getUint32(68);
  return id === APPLICATION_ID ? "archive" : "database";
}

/** The SHA-256 of an archive's content. Order matters. */
export class Digest {
  readonly #hash = createHash("sha256");

  /** Adds one row of values. */
  add(values: readonly BindValue[]): void {
    this.#hash.update(`${JSON.stringify(values.map(plain))}\n`);
  }

  /** Returns the digest, 32 bytes. No value can be added afterwards. */
  end(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}

/** A value for JSON; bytes become an array, so that they differ from text. */
function plain(value: BindValue): unknown {
  if (value instanceof Uint8Array) return [value.toHex()];
  return typeof value === "bigint" ? Number(value) : value;
}

/**
 * Copies the rows of all tables of the target but those of a secure account: the
 * keys of a device are used by one folder only. Other tables and columns of the
 * source are ignored.
 *
 * @param note called with each row, in a fixed order
 */
export function copyTables(
  from: RowSource,
  to: Database,
  note: (row: readonly BindValue[]) => void,
): void {
  const tables = rowSource(to).rows<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'secure%' ORDER BY name",
  );
  for (const { name } of tables) copyRows(from, to, name, note);
  // Numbers of deleted messages aren't reused.
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
  ).filter(({ name }) => !LEFT_OUT.includes(name));
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
