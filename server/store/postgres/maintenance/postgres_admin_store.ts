/**
 * The admin program's end of a store in a PostgreSQL database.
 *
 * @module
 */

import { dirname } from "node:path";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  requireRoom,
  requireWhole,
  writeNewDatabase,
} from "../../sqlite/file/database_copy.ts";
import { openDatabase } from "../../sqlite/file/database_file.ts";
import { raiseIds, restartIds } from "../inbox_ids.ts";
import { findUser, readStats, readUsers } from "./postgres_reports.ts";
import { countContent } from "../content_counts.ts";
import {
  Database,
  type Query,
  type Statement,
} from "../connection/database.ts";
import { databaseError } from "../connection/database_errors.ts";
import { OldMessages } from "../old_messages.ts";
import { inSlice, sumOverSlices } from "../key_slices.ts";
import {
  hasSchema,
  NOW,
  prepareSchema,
  RAISE_USERS_VERSION,
} from "../schema.ts";
import { storeName } from "../connection/store_url.ts";
import {
  type AdminStore,
  formatCounts,
  type RaisedIds,
  type RestartedIds,
  type StoreCounts,
  type StoreStats,
  StoreWork,
  type UserInfo,
} from "../../admin_store.ts";
import { StoreError } from "../../store.ts";
import type { StoreRow } from "../../store_rows.ts";
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
import { deleteUser } from "../delete_user.ts";

/** One verb asks for one thing at a time. */
const CONNECTIONS = 1;
/** Messages that are deleted at a time, and milliseconds in between. */
const PURGED_AT_ONCE = 500;
const PAUSE = 20;
/** Rows that one statement looks at. */
const SLICE = 10_000;

const AS_OF_NOW: Statement = {
  name: "begin-snapshot",
  text: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
};

const ARRIVED_BEFORE: Statement = {
  name: "arrived-before",
  text: `SELECT count(*) FROM messages
    WHERE ${inSlice("messages")} AND Arrived < ${NOW} - $5::bigint`,
};

/** How PostgreSQL databases are looked after. */
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
): Promise<PostgresAdminStore> {
  const database = new Database(url, CONNECTIONS);
  try {
    if (mayBeNew) await prepareSchema(database);
    else if (!await hasSchema(database.query)) {
      throw new StoreError(
        "nothing is in it yet: start the relay on it first, or restore a backup into it",
      );
    }
    return new PostgresAdminStore(database, storeName(url));
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

/** A store in a PostgreSQL database. */
export class PostgresAdminStore implements AdminStore {
  readonly #database: Database;
  readonly #query: Query;
  readonly #name: string;
  readonly #work: StoreWork;

  /** @param database has its tables */
  constructor(database: Database, name: string) {
    this.#database = database;
    this.#query = database.query;
    this.#name = name;
    this.#work = new StoreWork(name, databaseError);
  }

  stats(now: Date): Promise<StoreStats> {
    return this.#work.run(() => readStats(this.#query, this.#name, now));
  }

  users(): AsyncIterable<UserInfo> {
    return this.#work.each(readUsers(this.#query));
  }

  user(name: string): Promise<UserInfo | undefined> {
    return this.#work.run(async () =>
      (await findUser(this.#query, name))?.info
    );
  }

  deleteUser(name: string): Promise<number | undefined> {
    return this.#work.run(async () => {
      const found = await findUser(this.#query, name);
      return found === undefined
        ? undefined
        : await deleteUser(this.#database, found.id as ClientId);
    });
  }

  countArrivedBefore(before: Date): Promise<number> {
    return this.#work.run(async () => {
      const age = Date.now() - before.getTime();
      const [count = 0] = await sumOverSlices(
        this.#query,
        "messages",
        SLICE,
        ARRIVED_BEFORE,
        [age],
      );
      return count;
    });
  }

  purge(before: Date): Promise<number> {
    return this.#work.run(async () => {
      const messages = new OldMessages(this.#query);
      // Messages arrived by the database's clock, which may differ from this one.
      const age = Date.now() - before.getTime();
      let count = 0;
      for (;;) {
        const deleted = await messages.purge(age, PURGED_AT_ONCE);
        if (deleted === 0) return count;
        count += deleted;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    });
  }

  raiseIds(): Promise<RaisedIds> {
    return this.#changeIds(raiseIds);
  }

  restartIds(): Promise<RestartedIds> {
    return this.#changeIds(restartIds);
  }

  /** Relays reckon with the ids that they have seen, until they are told. */
  #changeIds<T>(change: (query: Query) => Promise<T>): Promise<T> {
    return this.#work.run(async () => {
      const changed = await change(this.#query);
      await this.#query(RAISE_USERS_VERSION);
      return changed;
    });
  }

  check(): Promise<string[]> {
    return this.#work.run(() => findFaults(this.#query));
  }

  backup(path: string): Promise<StoreCounts> {
    return this.#work.run(() =>
      this.#database.transaction(async (query) => {
        const { users, messages, bytes } = await countContent(query);
        await requireRoom(bytes, dirname(path));
        const write = (partial: string) =>
          writeCopy(query, partial, { users, messages });
        await writeNewDatabase(path, write).catch((cause) => {
          // What fails with a file is no failure of the connection.
          throw new StoreError(reasonOf(cause), { cause });
        });
        return { users, messages };
      }, AS_OF_NOW)
    );
  }

  fill(rows: AsyncIterable<StoreRow>): Promise<StoreCounts> {
    return this.#work.run(() => fillDatabase(this.#database, rows));
  }

  close(): Promise<void> {
    return this.#work.run(() => this.#database.close());
  }
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
