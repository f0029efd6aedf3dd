/**
 * Stand-in for `jsr:@db/sqlite`: its names and signatures over the SQLite
 * that is built into the runtime (`node:sqlite`).
 *
 * @module
 */

import { backup, DatabaseSync, type StatementSync } from "node:sqlite";

/** A value for a statement's parameter. */
export type BindValue = string | number | bigint | null | Uint8Array;

/** How to open a {@linkcode Database}. */
export interface DatabaseOpenOptions {
  /** Whether to refuse writes. Default: false. */
  readonly?: boolean;
  /** Whether to create a missing file. Default: true. */
  create?: boolean;
  /** Whether to read integers of more than 32 bits; always true here. */
  int64?: boolean;
}

/** A prepared statement. */
export class Statement<T extends object = Record<string, unknown>> {
  readonly #statement: StatementSync;

  /** @param statement a statement of `node:sqlite` */
  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  /** Runs the statement; returns the number of changed rows. */
  run(...params: BindValue[]): number {
    return Number(this.#statement.run(...params).changes);
  }

  /** The first row, or undefined. */
  get<R extends object = T>(...params: BindValue[]): R | undefined {
    return this.#statement.get(...params) as R | undefined;
  }

  /** All rows. */
  all<R extends object = T>(...params: BindValue[]): R[] {
    return this.#statement.all(...params) as R[];
  }
}

/** Number of pages per step of a backup: all, since a write between steps restarts it. */
const ALL_PAGES = 0x7fffffff;

const TRANSACTION = /^(BEGIN IMMEDIATE|COMMIT|ROLLBACK)$/;

/** An open SQLite database. */
export class Database {
  /** The file's path. */
  readonly path: string;
  readonly #database: DatabaseSync;
  #changes: Statement<{ n: number }> | undefined;
  readonly #kept = new Map<string, Statement>();

  /** @throws {Error} if the file can't be opened */
  constructor(path: string, options: DatabaseOpenOptions = {}) {
    if (options.create === false) Deno.statSync(path);
    this.path = path;
    this.#database = new DatabaseSync(path, {
      readOnly: options.readonly ?? false,
    });
  }

  /**
   * Runs SQL; returns the number of rows that its last statement changed.
   *
   * @throws {Error} with SQLite's own message
   */
  exec(sql: string, ...params: BindValue[]): number {
    if (params.length > 0) return this.prepare(sql).run(...params);
    if (TRANSACTION.test(sql)) {
      // Frequent enough that compiling it each time is measurable.
      const kept = this.#kept.get(sql) ?? this.prepare(sql);
      this.#kept.set(sql, kept);
      return kept.run();
    }
    this.#database.exec(sql);
    this.#changes ??= this.prepare<{ n: number }>("SELECT changes() AS n");
    return this.#changes.get()?.n ?? 0;
  }

  /** Compiles a statement for repeated use. */
  prepare<T extends object = Record<string, unknown>>(
    sql: string,
  ): Statement<T> {
    return new Statement<T>(this.#database.prepare(sql));
  }

  /**
   * Replaces another database by a consistent copy of this one: the state of the
   * open transaction, if there is one.
   *
   * @throws {Error} if either can't be read or written
   */
  async backup(dest: Database): Promise<void> {
    await backup(this.#database, dest.path, { rate: ALL_PAGES });
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Closes the database; a second call does nothing. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
