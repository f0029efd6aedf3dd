/**
 * A database that speaks PostgreSQL's protocol, as the store uses it: each
 * statement is prepared once on a connection, runs as a transaction of its own,
 * and is tried again where the database asks for that.
 *
 * @module
 */

// @ts-types="./pg.d.ts"
import pg, { type Client, type Pool } from "pg";
import { Buffer } from "node:buffer";
import { reasonOf } from "../../../shared/reason.ts";
import { StoreError } from "../store.ts";
import {
  type ConnectionConfig,
  readConnectionConfig,
} from "./connection_config.ts";
import {
  databaseError,
  isFromServer,
  isOutdated,
  isToRetry,
  unreachable,
} from "./database_errors.ts";

/** Milliseconds until a database that doesn't answer counts as unreachable. */
const CONNECT_TIMEOUT = 5000;
/** Milliseconds that the database gives a statement. */
const STATEMENT_TIMEOUT = 20_000;
/**
 * Milliseconds that the database waits for a transaction's next statement: its
 * locks must not stay for long where our machine is gone.
 */
const IDLE_TIMEOUT = 10_000;
/** Milliseconds until a connection whose answer doesn't come is given up. */
const ANSWER_TIMEOUT = 25_000;
/** The same for a statement that reads a little. */
const QUICK_TIMEOUT = 5000;
/** Tries of a transaction that loses against others. */
const MOST_TRIES = 10;
/** Milliseconds, about, before the second try; each further one waits longer. */
const RETRY_DELAY = 5;

/** SQL with a name under which a connection keeps it prepared. */
export interface Statement {
  /** Unique to the text. */
  name: string;
  /** The SQL, with `$1` for the first value. */
  text: string;
  /** It reads a little and writes nothing: a lost answer leaves nothing open. Default: false. */
  quick?: boolean;
}

/** What a statement's `$1` stand for. */
export type Value = Uint8Array | string | number | readonly number[];

/** Runs a statement and returns its rows, the columns in their order. */
export type Query = <Row extends unknown[]>(
  statement: Statement,
  values?: readonly Value[],
) => Promise<Row[]>;

/**
 * What holds for each connection, whatever is set elsewhere now or later. What is
 * acknowledged must outlive a power failure; a replica that has applied it too
 * is more than that.
 */
const REQUIRED_SETTINGS = `SELECT
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
      WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
    set_config('statement_timeout', '${STATEMENT_TIMEOUT}', false),
    set_config('idle_in_transaction_session_timeout', '${IDLE_TIMEOUT}', false)`;

/**
 * Every statement finds its rows by key. The planner mustn't think otherwise
 * because a table was empty when it looked: inboxes are empty most of the time.
 * And what is so short isn't worth compiling, which takes longer than to do it.
 * A database that doesn't know these settings doesn't need them.
 */
const PLANNER_SETTINGS = `SELECT set_config(name, 'off', false)
    FROM pg_settings WHERE name IN ('enable_seqscan', 'jit')`;

/** Connections to a database. */
export class Database {
  readonly #config: ConnectionConfig;
  readonly #connections: number;
  /** Pools that were given up, until their last connection is. */
  readonly #ending = new Set<Promise<void>>();
  #pool: Pool;

  /**
   * Nothing is connected yet.
   *
   * @param url `postgres://…`, as PostgreSQL's own programs take it
   * @param connections how many there are at most
   * @throws {StoreError} where the URL, or a file that it names, can't be used
   */
  constructor(url: string, connections: number) {
    this.#config = readConnectionConfig(url);
    this.#connections = connections;
    this.#pool = this.#openPool();
  }

  /**
   * Runs a statement as a transaction of its own.
   *
   * @throws {OutcomeUnknownError} where nobody knows whether it was committed
   * @throws {StoreError} where it wasn't
   */
  readonly query: Query = async <Row extends unknown[]>(
    statement: Statement,
    values: readonly Value[] = [],
  ) => {
    try {
      return await this.#use((query) => query<Row>(statement, values));
    } catch (error) {
      throw statement.quick ? new StoreError(reasonOf(error)) : error;
    }
  };

  /**
   * Runs statements as one transaction.
   *
   * @param work may run more than once
   * @throws {OutcomeUnknownError} where nobody knows whether it was committed
   * @throws {StoreError} where it wasn't
   */
  transaction<T>(
    work: (query: Query) => Promise<T>,
    begin: Statement = BEGIN,
  ): Promise<T> {
    return this.#use(async (query) => {
      await query(begin);
      try {
        const result = await work(query);
        await query(COMMIT);
        return result;
      } catch (error) {
        // A connection that broke has undone it.
        if (isFromServer(error) || error instanceof StoreError) {
          // Where that fails the connection is gone, and with it what it did.
          await query(ROLLBACK).catch((broken: unknown) => {
            if (!(error instanceof StoreError)) throw broken;
          });
        }
        throw error;
      }
    });
  }

  /** Closes all connections, once they are idle. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), ...this.#ending]);
  }

  #openPool(): Pool {
    const pool = new pg.Pool({
      ...this.#config,
      max: this.#connections,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      application_name: "messageu",
      onConnect: configure,
    });
    // An idle connection that breaks is replaced when one is needed.
    pool.on("error", () => {});
    return pool;
  }

  /** Where one connection broke the others may be as dead, and none would say so. */
  #renew(pool: Pool): void {
    if (pool !== this.#pool) return;
    this.#pool = this.#openPool();
    const ending = pool.end();
    this.#ending.add(ending);
    ending.finally(() => this.#ending.delete(ending));
  }

  async #use<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      const pool = this.#pool;
      const client = await pool.connect().catch((error: unknown) => {
        throw unreachable(error);
      });
      let broken = true;
      try {
        const result = await work(queryOn(client));
        broken = false;
        return result;
      } catch (error) {
        broken = !isFromServer(error) && !(error instanceof StoreError);
        if (broken || isOutdated(error)) this.#renew(pool);
        if (!isToRetry(error) || tries === MOST_TRIES) {
          throw databaseError(error);
        }
      } finally {
        client.release(broken);
      }
      await pause(tries);
    }
  }
}

const BEGIN: Statement = { name: "begin", text: "BEGIN" };
const COMMIT: Statement = { name: "commit", text: "COMMIT" };
const ROLLBACK: Statement = { name: "rollback", text: "ROLLBACK" };

async function configure(client: Client): Promise<void> {
  // Between two statements nobody waits who could be told: the next one is.
  client.on("error", () => {});
  await client.query(REQUIRED_SETTINGS);
  await client.query(PLANNER_SETTINGS).catch((error: unknown) => {
    if (!isFromServer(error)) throw error;
  });
}

function queryOn(client: Client): Query {
  return async <Row extends unknown[]>(
    statement: Statement,
    values: readonly Value[] = [],
  ) => {
    const { quick = false, ...named } = statement;
    const { rows } = await client.query<Row>({
      ...named,
      query_timeout: quick ? QUICK_TIMEOUT : ANSWER_TIMEOUT,
      values: values.map(toParameter),
      rowMode: "array",
      types: { getTypeParser: parserOf },
    });
    return rows;
  };
}

/** Bytes go as they are, all else as text. */
function toParameter(value: Value): Buffer | string {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.length);
  }
  return Array.isArray(value) ? `{${value.join()}}` : `${value}`;
}

/** PostgreSQL's numbers of the types that statements return, and their texts' meaning. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === "t",
  // Hex behind \x.
  17: (text) => Uint8Array.fromHex(text.slice(2)),
  20: Number,
  21: Number,
  23: Number,
  25: (text) => text,
};

function parserOf(type: number): (text: string) => unknown {
  const parse = PARSERS[type];
  if (parse === undefined) {
    throw new TypeError(`Expected a type that the store reads, got ${type}`);
  }
  return parse;
}

/** Whoever lost must not meet the same others again. */
function pause(tries: number): Promise<void> {
  const longest = RETRY_DELAY * 2 ** (tries - 1);
  return new Promise((resolve) =>
    setTimeout(resolve, longest * (0.5 + Math.random()))
  );
}
