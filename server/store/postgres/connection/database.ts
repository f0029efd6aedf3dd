/**
 * A database that speaks PostgreSQL's protocol, as the store uses it: each
 * statement is prepared once on a connection, runs as a transaction of its own,
 * and is tried again where the database asks for that.
 *
 * @module
 */

// @ts-types="./pg.d.ts"
import type { Client, PoolClient } from "pg";
import { Buffer } from "node:buffer";
import { OutcomeUnknownError, StoreError } from "../../store.ts";
import { readConnectionConfig } from "./connection_config.ts";
import {
  databaseError,
  isFromServer,
  isMixedUp,
  isOutdated,
  isToRetry,
  ReadOnlyError,
} from "./database_errors.ts";
import { CONNECT_TIMEOUT, Hosts } from "./hosts.ts";
import { Slots } from "./slots.ts";
import {
  BEGIN,
  COMMIT,
  type Query,
  sql,
  type Statement,
  type Value,
} from "./statement.ts";
import { SyncWait } from "./sync_wait.ts";

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

/**
 * What holds for each connection, whatever is set elsewhere now or later. What is
 * acknowledged must outlive a power failure; a replica that has applied it too
 * is more than that. A warning may say that a commit isn't sure.
 */
const REQUIRED_SETTINGS = `SELECT
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
      WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
    set_config('statement_timeout', '${STATEMENT_TIMEOUT}', false),
    set_config('idle_in_transaction_session_timeout', '${IDLE_TIMEOUT}', false),
    set_config('client_min_messages', CASE current_setting('client_min_messages')
      WHEN 'error' THEN 'warning' ELSE current_setting('client_min_messages') END, false),
    current_setting('transaction_read_only') = 'on', pg_backend_pid()`;

/**
 * Every statement finds its rows by key. The planner mustn't think otherwise
 * because a table was empty when it looked: inboxes are empty most of the time.
 * And what is so short isn't worth compiling, which takes longer than to do it.
 * A database that doesn't know these settings doesn't need them.
 */
const PLANNER_SETTINGS = `SELECT set_config(name, 'off', false)
    FROM pg_settings WHERE name IN ('enable_seqscan', 'jit')`;

/** The setting that a transaction begins with where none is set for it. */
const RESET_COMMIT = `SELECT reset_val FROM pg_settings
    WHERE name = 'synchronous_commit'`;

/** Connections to a database: to that of its hosts which takes writes. */
export class Database {
  readonly #mayBeStandby: boolean;
  /** Where it connects to. */
  readonly hosts: Hosts;
  readonly #slots: Slots;
  /** Whether commits wait for a standby. */
  readonly syncWait: SyncWait;
  /** Connections that are in use. */
  readonly #used = new Set<PoolClient>();
  /** Connections whose last commit isn't sure. */
  readonly #unsure = new WeakSet<Client>();
  #greeting: (query: Query) => Promise<void> = async () => {};
  #pooled = false;
  #named = true;

  /**
   * @param url `postgres://…`, as PostgreSQL's own programs take it
   * @param connections how many there are at most; one more looks why a write
   * takes long
   * @throws {StoreError} where the URL, or a file that it names, can't be used
   */
  constructor(url: string, connections: number) {
    const config = readConnectionConfig(url);
    this.#mayBeStandby = config.mayBeStandby;
    this.hosts = new Hosts(config, connections + 1, {
      configure: (client) => this.#configure(client),
      moved: () => {
        // What still waits for the other host can't be told what became of it.
        for (const client of this.#used) client.end();
      },
    });
    this.#slots = new Slots(connections);
    this.syncWait = new SyncWait((statement, values = []) =>
      this.#useOne((query) => query(statement, values))
    );
  }

  /** Whether a pooler is in between, as far as connections have shown. */
  get isPooled(): boolean {
    return this.#pooled;
  }

  /** Whether connections keep statements prepared. */
  get keepsStatements(): boolean {
    return this.#named;
  }

  /**
   * Runs a statement as a transaction of its own.
   *
   * @throws {OutcomeUnknownError} where it is unknown whether it was committed
   * @throws {StoreError} where it wasn't
   */
  readonly query: Query = async <Row extends unknown[]>(
    statement: Statement,
    values: readonly Value[] = [],
  ) => {
    const { quick } = statement;
    try {
      return await this.#use((query) => query<Row>(statement, values), quick);
    } catch (error) {
      // It left nothing open.
      throw error instanceof OutcomeUnknownError && quick
        ? new StoreError(error.message, { cause: error.cause })
        : error;
    }
  };

  /**
   * Runs statements as one transaction.
   *
   * @param work may run more than once
   * @throws {OutcomeUnknownError} where it is unknown whether it was committed
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
    }, false);
  }

  /**
   * Runs on each new connection before anything else does, and once now.
   *
   * @throws {StoreError} what it throws: the connection isn't used then
   */
  async greet(greeting: (query: Query) => Promise<void>): Promise<void> {
    await this.#use(greeting, true);
    this.#greeting = greeting;
  }

  /** Closes all connections, once they are idle. */
  async close(): Promise<void> {
    await this.hosts.close();
  }

  async #use<T>(
    work: (query: Query) => Promise<T>,
    isQuick: boolean,
  ): Promise<T> {
    if (!isQuick) await this.syncWait.requireNone();
    await this.#slots.take(CONNECT_TIMEOUT);
    const unwatch = isQuick ? () => {} : this.syncWait.watch();
    try {
      return await this.#useOne(work);
    } finally {
      unwatch();
      this.#slots.give();
    }
  }

  async #useOne<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      const { pool, client } = await this.hosts.connect();
      this.#used.add(client);
      let broken = true;
      try {
        const result = await work(this.#queryOn(client));
        broken = false;
        return result;
      } catch (error) {
        broken = !isFromServer(error) && !(error instanceof StoreError);
        const isMixed = this.#pooled && isMixedUp(error);
        if (broken || isOutdated(error) && !isMixed) this.hosts.giveUp(pool);
        if (!isToRetry(error) && !isMixed || tries === MOST_TRIES) {
          throw this.#explain(error, broken);
        }
      } finally {
        this.#used.delete(client);
        client.release(broken);
      }
      await pause(tries);
    }
  }

  #explain(error: unknown, broken: boolean): StoreError {
    const { obstacle } = this.syncWait;
    return broken && obstacle !== undefined
      ? new OutcomeUnknownError(obstacle.message, { cause: error })
      : databaseError(error);
  }

  async #configure(client: Client): Promise<void> {
    // Between two statements no caller could be told: the next one is.
    client.on("error", () => {});
    client.on("notice", ({ routine }) => {
      if (routine === SYNC_WAIT_ROUTINE) this.#unsure.add(client);
    });
    const [row] = await ask<[...string[], boolean, number]>(
      client,
      REQUIRED_SETTINGS,
    );
    const [isReadOnly, pid] = row?.slice(-2) ?? [];
    if (isReadOnly === true && !this.#mayBeStandby) {
      throw new ReadOnlyError(
        "it takes no writes (a standby, or set to read only): the URL has to name the primary",
      );
    }
    // A pooler tells a number of its own.
    this.#pooled = pid !== client.processID;
    if (this.#pooled) await requireSafeCommits(client);
    await ask(client, PLANNER_SETTINGS).catch((error: unknown) => {
      if (!isFromServer(error)) throw error;
    });
    await this.#greeting(this.#queryOn(client, false));
  }

  #queryOn(client: Client, isNamed = true): Query {
    return async <Row extends unknown[]>(
      { name, text, quick }: Statement,
      values: readonly Value[] = [],
    ) => {
      const { rows } = await client.query<Row>({
        ...isNamed && this.#named && { name },
        text,
        query_timeout: quick ? QUICK_TIMEOUT : ANSWER_TIMEOUT,
        values: values.map(toParameter),
        rowMode: "array",
        types: { getTypeParser: parserOf },
      }).catch((error: unknown) => {
        // From now on each statement is parsed anew.
        if (this.#pooled && isMixedUp(error)) this.#named = false;
        throw error;
      });
      // The notice comes before the end of the statement that it is about.
      if (this.#unsure.delete(client)) {
        throw new OutcomeUnknownError(
          "The wait for a synchronous standby was cancelled, so what was committed may be lost with the primary",
        );
      }
      return rows;
    };
  }
}

const ROLLBACK = sql("ROLLBACK");

/**
 * The server's function that tells, in a warning, that a commit didn't wait for
 * a standby to the end. The statement itself succeeds.
 */
const SYNC_WAIT_ROUTINE = "SyncRepWaitForLSN";

/** Whether a commit outlives a power failure with this `synchronous_commit`, and a failover to a synchronous standby. */
export function isSafeCommit(setting: string): boolean {
  return setting === "on" || setting === "remote_apply";
}

/** Runs a statement of a connection's beginning. */
async function ask<Row extends unknown[]>(
  client: Client,
  text: string,
): Promise<Row[]> {
  const { rows } = await client.query<Row>({
    text,
    query_timeout: QUICK_TIMEOUT,
    values: [],
    rowMode: "array",
    types: { getTypeParser: parserOf },
  });
  return rows;
}

/**
 * A pooler may run a statement on a connection that hasn't these settings.
 *
 * @throws {StoreError} where what was acknowledged could be lost then
 */
async function requireSafeCommits(client: Client): Promise<void> {
  const [row] = await ask<[string]>(client, RESET_COMMIT);
  const setting = row?.[0] ?? "on";
  if (isSafeCommit(setting)) return;
  throw new StoreError(
    `a pooler mixes its connections, and they begin with synchronous_commit = ${setting}, so what is acknowledged could be lost: ALTER ROLE … SET synchronous_commit = on`,
  );
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

/** Transactions that were rolled back must not meet each other again. */
function pause(tries: number): Promise<void> {
  const longest = RETRY_DELAY * 2 ** (tries - 1);
  return new Promise((resolve) =>
    setTimeout(resolve, longest * (0.5 + Math.random()))
  );
}
