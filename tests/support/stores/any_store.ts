/** A store of each kind, for tests of what holds for all of them. */

import { Database } from "@db/sqlite";
import { openSqliteStore, type Store } from "../../../server/mod.ts";
import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import { changeDatabase, fillStore, type InboxSizes } from "./made_store.ts";
import type { PostgresCluster } from "../../../lab/harness/postgres_cluster.ts";
import { postgresTest } from "./postgres.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../test_with.ts";

/** A store of some kind. */
export interface AnyStore {
  kind: "sqlite" | "postgres";
  /** What tells the admin program of it: a folder, or a URL. */
  place: string;
  /** A folder for the relay's files, which a store in a file is in. */
  dir: string;
  /** Opens it. */
  open(): Promise<Store>;
  /** Makes it, with messages in it. */
  fill(inboxes: InboxSizes): Promise<void>;
  /** Another one that restore may fill: it has nothing in it. */
  empty(): Promise<AnyStore>;
  /** Changes it past the store. */
  change(sql: string): Promise<void>;
  /** The number that a query gives. */
  count(sql: string): Promise<number>;
  /** SQL for whose row in `activity` it is. */
  activityOf(name: string): string;
  /** Starts a relay's program on it. */
  relay(...flags: string[]): Program;
}

/**
 * Registers a test with a new store, for each kind.
 *
 * @param register what registers the one with a file
 */
export function testWithAnyStore(
  name: string,
  check: (store: AnyStore) => Promise<void>,
  register = testWith,
): void {
  register(PROGRAMS, `sqlite: ${name}`, async () => {
    await using folder = await temporaryFolder();
    await check(sqliteStore(folder.path));
  });
  postgresTest(`postgres: ${name}`, async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    await check(postgresStore(cluster, url, folder.path));
  });
}

function postgresStore(
  cluster: PostgresCluster,
  url: string,
  dir: string,
): AnyStore {
  return {
    kind: "postgres",
    place: url,
    dir,
    open: () => openPostgresStore(url),
    fill: async (inboxes) => fillStore(await openPostgresStore(url), inboxes),
    empty: async () => postgresStore(cluster, await cluster.database(), dir),
    change: async (sql) => void await cluster.sql(sql, url),
    count: async (sql) => Number(await cluster.sql(sql, url)),
    activityOf: (name) =>
      `ID = (SELECT ID FROM accounts WHERE UserName = '${name}')`,
    relay: (...flags) => Program.relayOn(url, dir, ...flags),
  };
}

/** The one in a folder's file. */
export function sqliteStore(dir: string): AnyStore {
  const path = `${dir}/db.defensive`;
  return {
    kind: "sqlite",
    place: dir,
    dir,
    open: () => openSqliteStore(path),
    fill: async (inboxes) => fillStore(await openSqliteStore(path), inboxes),
    // Restore puts what is there aside.
    empty: () => Promise.resolve(sqliteStore(dir)),
    // deno-lint-ignore require-await -- the other's is asynchronous
    change: async (sql) => changeDatabase(path, sql),
    // deno-lint-ignore require-await -- the other's is asynchronous
    async count(sql) {
      const database = new Database(path, { readonly: true });
      try {
        const row = database.prepare<Record<string, number>>(sql).get();
        return Object.values(row ?? {})[0] ?? NaN;
      } finally {
        database.close();
      }
    },
    activityOf: (name) =>
      `Position = (SELECT Position FROM accounts WHERE UserName = '${name}')`,
    relay: (...flags) => Program.relay(dir, ...flags),
  };
}
