/** Things that a test uses and that go away when it ends. */

import {
  MemoryStore,
  openSqliteStore,
  type Relay,
  type RelayOptions,
  startRelay,
  type Store,
} from "../../server/mod.ts";

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

/** A relay on a store in memory: for tests in which no file matters. */
export class TestRelay implements AsyncDisposable {
  /** What the relay reported. */
  readonly reports: unknown[] = [];
  readonly #options: Partial<RelayOptions>;
  #store: Store;
  #relay: Relay;

  constructor(store: Store, options: Partial<RelayOptions>) {
    this.#options = options;
    this.#store = store;
    this.#relay = this.#start();
  }

  get relay(): Relay {
    return this.#relay;
  }

  get store(): Store {
    return this.#store;
  }

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#relay.address.port };
  }

  /** Closes the relay, and starts another one on the store, on another port. */
  async restart(): Promise<void> {
    await this.#relay.close();
    this.#store = await this.reopen(this.#store);
    this.#relay = this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay.close();
    await this.#store.close();
  }

  /** What becomes of the store between two relays. */
  protected reopen(store: Store): Promise<Store> {
    return Promise.resolve(store);
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
}

/** A relay with its database in a temporary folder. */
export class FileRelay extends TestRelay {
  readonly #folder: { path: string } & AsyncDisposable;
  #meanwhile: (() => Promise<void>) | undefined;

  private constructor(
    folder: { path: string } & AsyncDisposable,
    store: Store,
    options: Partial<RelayOptions>,
  ) {
    super(store, options);
    this.#folder = folder;
  }

  /** Starts a relay on a free port of the loopback. */
  static async start(options: Partial<RelayOptions>): Promise<FileRelay> {
    const folder = await temporaryFolder();
    const store = await openSqliteStore(databaseIn(folder.path));
    return new FileRelay(folder, store, options);
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
  override async restart(meanwhile?: () => Promise<void>): Promise<void> {
    this.#meanwhile = meanwhile;
    await super.restart();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }

  protected override async reopen(store: Store): Promise<Store> {
    await store.close();
    await this.#meanwhile?.();
    return await openSqliteStore(databaseIn(this.dir));
  }
}

const databaseIn = (folder: string) => `${folder}/db.defensive`;

/** Starts a relay on a free port of the loopback, its store in memory. */
export function testRelay(
  options: Partial<RelayOptions> = {},
): Promise<TestRelay> {
  return Promise.resolve(new TestRelay(new MemoryStore(), options));
}

/** Starts a relay on a free port of the loopback, its store in a file. */
export function fileRelay(
  options: Partial<RelayOptions> = {},
): Promise<FileRelay> {
  return FileRelay.start(options);
}

/** The names in a folder, in order. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return names.sort();
}
