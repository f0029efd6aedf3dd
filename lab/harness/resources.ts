/** Things that a test uses and that go away when it ends. */

import { openSqliteStore, type Relay, startRelay } from "../../server/mod.ts";
import type { RelayOptions, SqliteStore } from "../../server/mod.ts";

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
export class TestRelay implements AsyncDisposable {
  /** What the relay reported. */
  readonly reports: unknown[] = [];
  readonly #folder: { path: string } & AsyncDisposable;
  readonly #options: Partial<RelayOptions>;
  #store: SqliteStore;
  #relay: Relay;

  private constructor(
    folder: { path: string } & AsyncDisposable,
    options: Partial<RelayOptions>,
    store: SqliteStore,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#store = store;
    this.#relay = this.#start();
  }

  /** Starts a relay on a free port of the loopback. */
  static async start(options: Partial<RelayOptions>): Promise<TestRelay> {
    const folder = await temporaryFolder();
    const store = await openSqliteStore(databaseIn(folder.path));
    return new TestRelay(folder, options, store);
  }

  get relay(): Relay {
    return this.#relay;
  }

  get store(): SqliteStore {
    return this.#store;
  }

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#relay.address.port };
  }

  /** Where `db.defensive` lies. */
  get dir(): string {
    return this.#folder.path;
  }

  /**
   * Closes relay and store, and starts both anew, on another port.
   *
   * @param meanwhile is done to the files
   */
  async restart(meanwhile?: () => Promise<void>): Promise<void> {
    await this.#close();
    await meanwhile?.();
    this.#store = await openSqliteStore(databaseIn(this.dir));
    this.#relay = this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#folder[Symbol.asyncDispose]();
  }

  #start(): Relay {
    const { listener } = this.#options;
    return startRelay({
      store: this.#store,
      report: (error) => this.reports.push(error),
      ...this.#options,
      listener: listener ?? Deno.listen({ hostname: "127.0.0.1", port: 0 }),
      // All tests come from one address.
      limits: { registrationsPerMinute: 0, ...this.#options.limits },
    });
  }

  async #close(): Promise<void> {
    await this.#relay.close();
    await this.#store.close();
  }
}

const databaseIn = (folder: string) => `${folder}/db.defensive`;

/** Starts a relay on a free port of the loopback. */
export function testRelay(
  options: Partial<RelayOptions> = {},
): Promise<TestRelay> {
  return TestRelay.start(options);
}

/** The names in a folder, in order. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return names.sort();
}
