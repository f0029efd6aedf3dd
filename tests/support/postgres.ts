/** A PostgreSQL server for the tests of a file; without one they are skipped. */

import { PostgresCluster } from "../../tools/postgres_cluster.ts";
import { SHELL, testWith } from "./test_with.ts";

/** What a test has that needs PostgreSQL. */
export interface PostgresTest {
  /** The server, which other tests of the file use too. */
  cluster: PostgresCluster;
  /** A database of the test's own. */
  url: string;
}

const isInstalled = await mayRunShell() &&
  await PostgresCluster.path() !== undefined;
let cluster: PostgresCluster | undefined;

if (isInstalled) {
  Deno.test.beforeAll(async () => {
    cluster = await PostgresCluster.start();
  });
  Deno.test.afterAll(() => cluster?.[Symbol.asyncDispose]());
}

/** Registers a test that needs PostgreSQL, with a database of its own. */
export function postgresTest(
  name: string,
  fn: (test: PostgresTest) => Promise<void>,
): void {
  if (!isInstalled) {
    return Deno.test({
      name: `${name} (skipped: PostgreSQL isn't installed)`,
      ignore: true,
      fn() {},
    });
  }
  testWith(SHELL, name, async () => {
    if (cluster === undefined) throw new Error("PostgreSQL wasn't started");
    await fn({ cluster, url: await cluster.database() });
  });
}

async function mayRunShell(): Promise<boolean> {
  const { state } = await Deno.permissions.query({
    name: "run",
    command: "sh",
  });
  return state === "granted";
}
