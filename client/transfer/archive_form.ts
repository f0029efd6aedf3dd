/**
 * The form of the file that moves a client to another machine: the tables of
 * its store, with the identity and the received files in tables beside.
 *
 * @module
 */

import { type BindValue, Database } from "@db/sqlite";
import { openRegular, readFull } from "../store/saved_file.ts";
import {
  createTables,
  rowSource,
  schemaOf,
  type SchemaPart,
} from "../store/schema.ts";
import { createHash } from "node:crypto";

/** "MsgU": in the file's header, so that no other SQLite file is taken for one. */
const APPLICATION_ID = 0x4d736755;
/** What this program writes and reads, in the header too; another one where the store's tables change. */
const VERSION = 2;
/** Bytes of an SQLite file's header. */
const HEADER_SIZE = 100;
/** What it begins with. */
const MAGIC = "SQLite format 3\0";

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

/** Creates what an archive has beside the tables of a store. */
export function createTransferTables(database: Database): void {
  database.exec(TABLES);
}

/** All that an archive consists of. */
export function archiveSchema(): SchemaPart[] {
  const model = new Database(":memory:");
  try {
    createTables(model);
    createTransferTables(model);
    return schemaOf(rowSource(model));
  } finally {
    model.close();
  }
}

/**
 * Looks at how a file begins, before anything else is done with it.
 *
 * @returns how many bytes it has
 * @throws {Error} where it is no archive, or of another version
 */
export async function checkHeader(path: string): Promise<number> {
  using file = await openRegular(path);
  const header = new Uint8Array(HEADER_SIZE);
  await readFull(file, header);
  const view = new DataView(header.buffer);
  // 1 and 1: written and read without a log beside it.
  const isOurs = databaseKind(header) === "archive" &&
    view.getUint16(18) === 0x0101;
  if (!isOurs) throw new Error("it is none that export made");
  const version = view.getUint32(60);
  if (version !== VERSION) {
    throw new Error(
      `it is of version ${version}, this program reads ${VERSION}`,
    );
  }
  return (await file.stat()).size;
}

/** What a file is by its first bytes, where it is an SQLite database. */
export function databaseKind(
  bytes: Uint8Array,
): "archive" | "database" | undefined {
  const header = bytes.slice(0, HEADER_SIZE);
  const magic = new TextDecoder().decode(header.subarray(0, MAGIC.length));
  if (magic !== MAGIC || header.length < HEADER_SIZE) return undefined;
  const id = new DataView(header.buffer).getUint32(68);
  return id === APPLICATION_ID ? "archive" : "database";
}

/** The SHA-256 of the content of an archive, in the order in which it is added. */
export class Digest {
  readonly #hash = createHash("sha256");

  /** Adds values; where they are split matters. */
  add(values: readonly BindValue[]): void {
    this.#hash.update(`${JSON.stringify(values.map(plain))}\n`);
  }

  /** The digest, 32 bytes; no value can be added any more. */
  end(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}

/** Bytes are told from the text that shows them. */
function plain(value: BindValue): unknown {
  if (value instanceof Uint8Array) return [value.toHex()];
  return typeof value === "bigint" ? Number(value) : value;
}
