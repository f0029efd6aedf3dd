/** A PostgreSQL server for the tests of a file; without one they are skipped. */

import { PostgresCluster } from "../../../lab/harness/postgres_cluster.ts";
import { mayRunShell, SHELL, skippedAsLong, testWith } from "../test_with.ts";

/** What a test has that needs PostgreSQL. */
export interface PostgresTest {
  /** The server. */
  cluster: PostgresCluster;
  /** An empty database that no other test uses meanwhile. */
  url: string;
}

/** A primary and the standby that its commits wait for. */
export interface PairTest {
  /** The server that takes writes first. */
  primary: PostgresCluster;
  /** The one that may be promoted. */
  standby: PostgresCluster;
  /** A database on both, the standby named first. */
  url: string;
}

type Check = (test: PostgresTest, t: Deno.TestContext) => Promise<void>;

/** Why tests that need PostgreSQL can't run, if so. */
export const withoutPostgres: string | undefined = skippedAsLong ??
  (mayRunShell() && await PostgresCluster.path() !== undefined
    ? undefined
    : "PostgreSQL isn't installed");
let shared: PostgresCluster | undefined;

if (withoutPostgres === undefined) {
  Deno.test.afterAll(() => shared?.[Symbol.asyncDispose]());
}

/** The database of the last test, which takes a tenth of the time of a new one to empty. */
let used: string | undefined;

/** Leaves of a database what a new one has. */
const EMPTY = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$`;

async function emptyDatabase(cluster: PostgresCluster): Promise<string> {
  const url = used;
  used = undefined;
  if (url === undefined) return await cluster.database();
  await cluster.sql(EMPTY, url);
  return url;
}

/**
 * Registers a test with an empty database, on a server that the file's tests share.
 *
 * @param missing what this machine lacks for it besides, if anything
 */
export function postgresTest(
  name: string,
  fn: Check,
  missing?: string,
): void {
  register(name, async (t) => {
    if (shared === undefined) throw new Error("PostgreSQL wasn't started");
    const url = await emptyDatabase(shared);
    await fn({ cluster: shared, url }, t);
    used = url;
  }, missing);
  if ((withoutPostgres ?? missing) === undefined && !starts) {
    starts = true;
    Deno.test.beforeAll(async () => {
      shared = await PostgresCluster.start();
      // Of clients that are killed it would tell in the middle of a test.
      await shared.sql("ALTER ROLE postgres SET log_min_messages = panic");
    });
  }
}

let starts = false;

/** Registers a test with a server of its own, which it may stop and start. */
export function postgresServerTest(name: string, fn: Check): void {
  register(name, async (t) => {
    await using cluster = await PostgresCluster.start();
    await fn({ cluster, url: await cluster.database() }, t);
  });
}

/** Registers a test with two servers of its own. */
export function postgresPairTest(
  name: string,
  fn: (test: PairTest, t: Deno.TestContext) => Promise<void>,
): void {
  register(name, async (t) => {
    await using primary = await PostgresCluster.start();
    const first = await primary.database();
    await using standby = await primary.standby("second");
    await primary.set({ synchronous_standby_names: "second" });
    const hosts = [standby, primary].map(({ port }) => `127.0.0.1:${port}`);
    const url = first.replace(/@[^/]+/, `@${hosts}`);
    await fn({ primary, standby, url }, t);
  });
}

function register(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
  missing?: string,
): void {
  testWith(SHELL, name, fn, withoutPostgres ?? missing);
}
