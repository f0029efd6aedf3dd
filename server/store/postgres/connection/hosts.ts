/**
 * The hosts of a database, and connections to that of them which takes writes.
 *
 * @module
 */

// @ts-types="./pg.d.ts"
import pg, {
  type Client,
  type Pool,
  type PoolClient,
  type PoolConfig,
} from "pg";
import { lookup } from "node:dns";
import { isIP } from "node:net";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import type { ConnectionConfig } from "./connection_config.ts";
import { isFromServer, ReadOnlyError, unreachable } from "./database_errors.ts";
import { inTurn } from "./in_turn.ts";
import { DEFAULT_PORT, hostName, type StoreHost } from "./store_url.ts";

/** Milliseconds until a database that doesn't answer counts as unreachable. */
export const CONNECT_TIMEOUT = 5000;
/** The same where others are tried too. */
const HOST_TIMEOUT = 2000;
/** Milliseconds until the next host is tried beside one that doesn't answer. */
const NEXT_HOST = 250;
/** Milliseconds until a standby is asked again whether it takes writes. */
const ASK_AGAIN = 100;

/** What a connection is made to. */
interface HostAddress extends StoreHost {
  /** The name that the server's certificate has to hold, where `hostname` is one of its addresses. */
  name?: string;
}

/** What a user of {@linkcode Hosts} does with connections. */
export interface HostEvents {
  /** Prepares a new connection before it is used. @throws {Error} where it can't be used */
  configure(client: Client): Promise<void>;
  /** Called where connections go to another host from now on. */
  moved(): void;
}

/** Connects to the host that takes writes. */
export class Hosts {
  readonly #config: ConnectionConfig;
  readonly #connections: number;
  readonly #events: HostEvents;
  /** Pools that were given up, and tries to open one, until they are over. */
  readonly #ending = new Set<Promise<void>>();
  #pool: Pool | undefined;
  #finding: Promise<Pool> | undefined;
  /** What the last pool connected to. */
  #address: string | undefined;

  /** @param connections how many there are at most */
  constructor(
    config: ConnectionConfig,
    connections: number,
    events: HostEvents,
  ) {
    this.#config = config;
    this.#connections = connections;
    this.#events = events;
  }

  /**
   * Connects where it did before, or else to the first host that takes writes.
   *
   * @throws {StoreError} where none does
   */
  async connect(): Promise<{ pool: Pool; client: PoolClient }> {
    const pool = this.#pool;
    try {
      if (pool !== undefined) return { pool, client: await pool.connect() };
    } catch (error) {
      // One that takes no further connection isn't dead.
      if (isFromServer(error)) throw unreachable(error);
      this.giveUp(pool);
    }
    try {
      const found = await this.#find();
      return { pool: found, client: await found.connect() };
    } catch (error) {
      throw unreachable(error);
    }
  }

  /** All who need a host at once wait for the same search. */
  #find(): Promise<Pool> {
    return this.#finding ??= this.#findPrimary().finally(() => {
      this.#finding = undefined;
    });
  }

  async #findPrimary(): Promise<Pool> {
    // Another one may have found it while this one waited.
    if (this.#pool !== undefined) return this.#pool;
    const hosts = await hostAddresses(this.#config.hosts);
    const several = hosts.length > 1;
    const timeout = several ? HOST_TIMEOUT : CONNECT_TIMEOUT;
    const begin = performance.now();
    const round = (end: number) =>
      hosts.map((host) => () => this.#tryHost(host, timeout, end));
    const tries = round(begin);
    // Where none takes writes a standby is about to be promoted.
    if (several) tries.push(...round(begin + HOST_TIMEOUT));
    const { pool, address } = await inTurn(
      tries,
      NEXT_HOST,
      ({ pool }) => this.#end(pool),
    ).catch(({ errors }: AggregateError) => {
      if (!several) throw errors[0];
      const last = errors.slice(-hosts.length);
      throw new AggregateError(hosts.map((host, i) => failure(host, last[i])));
    });
    this.#pool = pool;
    if (this.#address !== undefined && address !== this.#address) {
      this.#events.moved();
    }
    this.#address = address;
    return pool;
  }

  /** @param end until when a host is asked again that takes no writes */
  async #tryHost(
    host: HostAddress,
    timeout: number,
    end: number,
  ): Promise<{ pool: Pool; address: string }> {
    const over = Promise.withResolvers<void>();
    this.#ending.add(over.promise);
    try {
      for (;;) {
        const pool = this.#openPool(host, timeout);
        try {
          (await pool.connect()).release(false);
          return { pool, address: hostName(host) };
        } catch (error) {
          this.#end(pool);
          const isStandby = error instanceof ReadOnlyError;
          if (!isStandby || performance.now() > end) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
      }
    } finally {
      this.#ending.delete(over.promise);
      over.resolve();
    }
  }

  #openPool(host: HostAddress, timeout: number): Pool {
    const pool = new pg.Pool(this.#poolConfig(host, timeout));
    // An idle connection that breaks is replaced when one is needed.
    pool.on("error", () => {});
    return pool;
  }

  #poolConfig(
    { hostname, port, name }: HostAddress,
    timeout: number,
  ): PoolConfig {
    const { user, password, database, ssl, options } = this.#config;
    return {
      ...{ host: hostname, port, user, password, database, options },
      ssl: ssl && name !== undefined
        ? { ...ssl, host: name, servername: name }
        : ssl,
      max: this.#connections,
      connectionTimeoutMillis: timeout,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      application_name: "messageu",
      onConnect: (client) => this.#events.configure(client),
    };
  }

  /** Where one connection broke the others may be as dead, and none would say so. */
  giveUp(pool: Pool | undefined): void {
    if (pool === undefined || pool !== this.#pool) return;
    this.#pool = undefined;
    this.#end(pool);
  }

  #end(pool: Pool): void {
    const ending = pool.end();
    this.#ending.add(ending);
    ending.finally(() => this.#ending.delete(ending));
  }

  /** Has what follows run on new connections, which are greeted. */
  reconnect(): void {
    this.giveUp(this.#pool);
  }

  /** Closes all connections, once they are idle. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#finding]);
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool !== undefined) this.#end(pool);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** What a pooler calls itself, or undefined where it doesn't say it to this user. */
  async poolerVersion(): Promise<string | undefined> {
    for (const host of this.#config.hosts) {
      const { onConnect: _, ...config } = this.#poolConfig(host, HOST_TIMEOUT);
      // PgBouncer's own console, for its admins.
      const pool = new pg.Pool({ ...config, database: "pgbouncer", max: 1 });
      pool.on("error", () => {});
      try {
        const client = await pool.connect();
        const { rows } = await client.query("SHOW VERSION")
          .finally(() => client.release(true));
        const [version] = Object.values(rows[0] ?? {});
        if (typeof version === "string") return version;
      } catch {
        // Another pooler, or another user's.
      } finally {
        await pool.end();
      }
    }
    return undefined;
  }
}

/** Why one of several hosts can't be used. */
function failure(host: HostAddress, error: unknown): Error {
  const reason = error instanceof ReadOnlyError
    ? "takes no writes"
    : error instanceof Deno.errors.NotCapable
    ? "the name didn't have this address when the relay was started"
    : reasonOf(error);
  return new Error(`${hostName(host)}: ${reason}`);
}

/**
 * The hosts, and behind a name that has several addresses each of them: a
 * connection by name ends at the first address that takes it, which may be a
 * standby's.
 */
async function hostAddresses(
  hosts: readonly StoreHost[],
): Promise<HostAddress[]> {
  const all = await Promise.all(hosts.map(async (host) => {
    const addresses = await addressesOf(host);
    return addresses.length < 2 ? [host] : [
      host,
      ...addresses.map((hostname) => ({
        ...host,
        hostname,
        name: host.hostname,
      })),
    ];
  }));
  return all.flat();
}

/** None where the name can't be looked up: to connect by it tells why. */
function addressesOf(
  { hostname, port = DEFAULT_PORT }: StoreHost,
): Promise<string[]> {
  if (isIP(hostname) !== 0) return Promise.resolve([]);
  // The runtime asks for leave to reach the port, which Node's own doesn't know.
  const options = { all: true, port } as const;
  return new Promise((resolve) => {
    lookup(hostname, options, (error, found) => {
      const addresses = error ? [] : found.map(({ address }) => address);
      resolve([...new Set(addresses)]);
    });
  });
}
