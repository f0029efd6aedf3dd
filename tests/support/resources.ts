/** Things that a test uses and that go away when it ends. */

import { openSqliteStore, type Relay, startRelay } from "../../server/mod.ts";
import type { RelayOptions, Store } from "../../server/mod.ts";

/** Makes a folder; disposing of it removes it with all that is in it. */
export async function temporaryFolder(): Promise<
  { path: string } & AsyncDisposable
> {
  const path = await Deno.makeTempDir({ prefix: "messageu-test-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A relay with its store in a temporary folder. */
export interface TestRelay extends AsyncDisposable {
  relay: Relay;
  store: Store;
  address: { hostname: string; port: number };
  /** Where `db.defensive` lies. */
  dir: string;
  /** What the relay reported. */
  reports: unknown[];
}

/** Starts a relay on a free port of the loopback. */
export async function testRelay(
  options: Partial<RelayOptions> = {},
): Promise<TestRelay> {
  const folder = await temporaryFolder();
  const store = await openSqliteStore(`${folder.path}/db.defensive`);
  const reports: unknown[] = [];
  const relay = startRelay({
    listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    store,
    report: (error) => reports.push(error),
    ...options,
    // All tests come from one address.
    limits: { registrationsPerMinute: 0, ...options.limits },
  });
  const { port } = relay.address;
  return {
    relay,
    store,
    dir: folder.path,
    reports,
    address: { hostname: "127.0.0.1", port },
    async [Symbol.asyncDispose]() {
      await relay.close();
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The names in a folder, in order. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return names.sort();
}
