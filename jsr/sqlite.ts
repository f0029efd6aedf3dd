/**
 * Stand-in for `jsr:@db/sqlite`: its names and signatures over the SQLite
 * that is built into the runtime (`node:sqlite`).
 *
 * @module
 */

import { backup, DatabaseSync, type StatementSync } from "node:sqlite";

/** What can be bound to a statement's parameter. */
export type BindValue = string | number | bigint | null | Uint8Array;

/** How to open a {@linkcode Database}. */
export interface DatabaseOpenOptions {
  /** Refuse to write. Default: false. */
  readonly?: boolean;
  /** Create the file where it is missing. Default: true. */
  create?: boolean;
  /** Read integers of more than 32 bits. Always so here. */
  int64?: boolean;
}

/** A prepared statement. */
export class Statement<T extends object = Record<string, unknown>> {
  readonly #statement: StatementSync;

  /** Wraps a statement of `node:sqlite`; {@linkcode Database.prepare} does. */
  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  /** Runs it; returns how many rows it changed. */
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

/** Pages that a backup copies at once: all, since a writer in between would make it begin anew. */
const ALL_PAGES = 0x7fffffff;

const TRANSACTION = /^(BEGIN IMMEDIATE|COMMIT|ROLLBACK)$/;

/** An open SQLite database. */
export class Database {
  /** The file's path. */
  readonly path: string;
  readonly #database: DatabaseSync;
  #changes: Statement<{ n: number }> | undefined;
  readonly #kept = new Map<string, Statement>();

  /** @throws {Error} where the file can't be opened */
  constructor(path: string, options: DatabaseOpenOptions = {}) {
    if (options.create === false) Deno.statSync(path);
    this.path = path;
    this.#database = new DatabaseSync(path, {
      readOnly: options.readonly ?? false,
    });
  }

  /**
   * Runs SQL; returns how many rows its last statement changed.
   *
   * @throws {Error} with SQLite's own message
   */
  exec(sql: string, ...params: BindValue[]): number {
    if (params.length > 0) return this.prepare(sql).run(...params);
    if (TRANSACTION.test(sql)) {
      // So often is this done that compiling it each time would show.
      const kept = this.#kept.get(sql) ?? this.prepare(sql);
      this.#kept.set(sql, kept);
      return kept.run();
    }
    this.#database.exec(sql);
    this.#changes ??= this.prepare<{ n: number }>("SELECT changes() AS n");
    return this.#changes.get()?.n ?? 0;
  }

  /** Compiles a statement, for use again and again. */
  prepare<T extends object = Record<string, unknown>>(
    sql: string,
  ): Statement<T> {
    return new Statement<T>(this.#database.prepare(sql));
  }

  /**
   * Copies everything into another database, whatever that holds, as of one
   * moment: that of this one's transaction, where one is open.
   *
   * @throws {Error} where it can't be read or written
   */
  async backup(dest: Database): Promise<void> {
    await backup(this.#database, dest.path, { rate: ALL_PAGES });
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Closes it; doing so again does nothing. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
