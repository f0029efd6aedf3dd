import { dirname } from "node:path";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  requireRoom,
  requireWhole,
  writeNewDatabase,
} from "../../sqlite/file/database_copy.ts";
import { openDatabase } from "../../sqlite/file/database_file.ts";
import { raiseIds, restartIds } from "../inbox_ids.ts";
import { reports } from "./postgres_reports.ts";
import { countContent } from "../content_counts.ts";
import { Database } from "../connection/database.ts";
import { databaseError } from "../connection/database_errors.ts";
import { OldMessages } from "../old_messages.ts";
import {
  prepareSchema,
  RAISE_USERS_VERSION,
  SCHEMA_VERSION,
  schemaVersion,
} from "../schema.ts";
import { storeName } from "../connection/store_url.ts";
import {
  administer,
  type AdminStore,
  formatCounts,
  type StoreCounts,
} from "../../admin_store.ts";
import { StoreError } from "../../store.ts";
import type { Restore, StoreAdmin } from "../../store_kind.ts";
import { urlOf } from "../kind.ts";
import {
  examineBackup,
  requireStopped,
} from "../../sqlite/maintenance/restore.ts";
import {
  makeSqliteAdminStore,
  readSqliteRows,
} from "../../sqlite/maintenance/sqlite_admin_store.ts";
import { fillDatabase } from "./fill_database.ts";
import { findFaults } from "./postgres_check.ts";
import { readRows } from "./postgres_rows.ts";
import { OldMail } from "../secure/expiry.ts";
import { deleteUser } from "../delete_user.ts";
import { type Query, sql } from "../connection/statement.ts";

/** One verb asks for one thing at a time. */
const CONNECTIONS = 1;
/** Messages that are deleted at a time. */
const PURGED_AT_ONCE = 500;

const AS_OF_NOW = sql(
  "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
);

/** Administration of stores in PostgreSQL databases. */
export const postgresAdmin: StoreAdmin = {
  open: (address) => openPostgresAdminStore(urlOf(address), false),
  // deno-lint-ignore require-await -- a file's may wait
  restore: async (address, backup) => prepareRestore(urlOf(address), backup),
};

/** Prepares to fill an empty database with a file's content: see `StoreAdmin.restore`. */
function prepareRestore(url: string, backup: string): Restore {
  requireStopped(backup);
  const counts = formatCounts(examineBackup(backup, true));
  const name = storeName(url);
  return {
    plan: `Restore ${name} from ${backup} (${counts})`,
    async run() {
      const store = await openPostgresAdminStore(url, true);
      try {
        const filled = formatCounts(await store.fill(readSqliteRows(backup)));
        return `restored ${name} from ${backup}: ${filled}`;
      } finally {
        await store.close();
      }
    },
  };
}

/**
 * Opens a relay's database.
 *
 * @param mayBeNew makes the tables where there are none
 * @throws {StoreError} where it can't be used, with what to do about it
 */
async function openPostgresAdminStore(
  url: string,
  mayBeNew: boolean,
): Promise<AdminStore> {
  const database = new Database(url, CONNECTIONS);
  try {
    if (mayBeNew) await prepareSchema(database);
    else requireVersion(await schemaVersion(database.query));
    return adminStore(database, storeName(url));
  } catch (cause) {
    await database.close();
    throw new StoreError(
      `Can't use the database ${storeName(url)}: ${
        databaseError(cause).message
      }`,
      { cause },
    );
  }
}

/** @throws {StoreError} if there are no tables, or those of an older version */
function requireVersion(version: number | undefined): void {
  if (version === SCHEMA_VERSION) return;
  throw new StoreError(
    version === undefined
      ? "nothing is in it yet: start the relay on it first, or restore a backup into it"
      : `it has schema version ${version}, this program knows ${SCHEMA_VERSION}: start a relay of this version on it once, which adds what is missing`,
  );
}

function adminStore(database: Database, name: string): AdminStore {
  const { query } = database;
  const messages = new OldMessages(query);
  const mail = new OldMail(query);
  // Relays reckon with the ids that they have seen, until they are told.
  const changeIds = async <T>(change: (query: Query) => Promise<T>) => {
    const changed = await change(query);
    await query(RAISE_USERS_VERSION);
    return changed;
  };
  return administer(name, databaseError, {
    ...reports(query, name),
    deleteUser: (id) => deleteUser(database, id),
    // Messages arrived by the database's clock, which may differ from this one.
    async purgeSome(before) {
      const age = Date.now() - before.getTime();
      return await messages.purge(age, PURGED_AT_ONCE) ||
        await mail.purge(age, PURGED_AT_ONCE);
    },
    raiseIds: () => changeIds(raiseIds),
    restartIds: () => changeIds(restartIds),
    check: () => findFaults(query),
    backup: (path) =>
      database.transaction(async (query) => {
        const { users, messages, bytes } = await countContent(query);
        await requireRoom(bytes, dirname(path));
        const write = (partial: string) =>
          writeCopy(query, partial, { users, messages });
        await writeNewDatabase(path, write).catch((cause) => {
          // What fails with a file is no failure of the connection.
          throw new StoreError(reasonOf(cause), { cause });
        });
        return { users, messages };
      }, AS_OF_NOW),
    fill: (rows) => fillDatabase(database, rows),
    close: () => database.close(),
  });
}

/** @throws {StoreError} where the copy doesn't hold so much */
async function writeCopy(
  query: Query,
  path: string,
  expected: StoreCounts,
): Promise<void> {
  const copy = makeSqliteAdminStore(path);
  let filled: StoreCounts;
  try {
    filled = await copy.fill(readRows(query));
  } finally {
    await copy.close();
  }
  using opened = openDatabase(path, { readonly: true });
  requireWhole(
    opened.database,
    filled.users === expected.users && filled.messages === expected.messages,
  );
}
