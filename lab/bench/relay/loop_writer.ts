/**
 * A writer on the event loop, to see what a thread of its own is worth: what
 * one turn of the loop brings shares a commit, and meanwhile everything waits.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { setImmediate } from "node:timers";
import type { StoreCommand } from "../../../server/store/sqlite/writer/store_command.ts";
import { CommitFigures } from "../../../server/store/commit_figures.ts";
import {
  GroupWriter,
  type Job,
} from "../../../server/store/sqlite/writer/group_writer.ts";
import { configure } from "../../../server/store/sqlite/schema.ts";
import type { CommandWriter } from "../../../server/store/sqlite/writer/writer_link.ts";

/** Writes on the event loop. */
export class LoopWriter implements CommandWriter {
  readonly commits = new CommitFigures();
  usersVersion = 0;
  readonly #database: Database;
  readonly #writer: GroupWriter;
  #pending: Job[] = [];

  /** @throws {Error} where the database can't be opened */
  constructor(path: string) {
    this.#database = new Database(path, { int64: true, create: false });
    configure(this.#database);
    this.#writer = new GroupWriter(this.#database, {
      othersWrote: () => this.usersVersion++,
      committed: (writes, milliseconds) =>
        this.commits.record(writes, milliseconds),
    });
  }

  get waiting(): number {
    return this.#writer.waiting;
  }

  write<T, R>(
    command: StoreCommand<T, R>,
    value: T,
    content: Uint8Array = new Uint8Array(0),
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      const job = { command, value, content: () => content, resolve, reject };
      this.#pending.push(job as Job);
    });
  }

  close(): Promise<void> {
    this.#commit();
    this.#database.close();
    return Promise.resolve();
  }

  #commit(): void {
    const group = this.#pending;
    if (group.length === 0) return;
    this.#pending = [];
    this.#writer.write(group);
  }
}
