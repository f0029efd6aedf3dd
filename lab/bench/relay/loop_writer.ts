/**
 * A writer on the event loop, to see what a thread of its own is worth: what
 * one turn of the loop brings shares a commit, and meanwhile everything waits.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { setImmediate } from "node:timers";
import type { Command } from "../../../server/store/sqlite/writer/commands.ts";
import { CommitFigures } from "../../../server/store/commit_figures.ts";
import {
  GroupWriter,
  type Job,
} from "../../../server/store/sqlite/writer/group_writer.ts";
import { configure } from "../../../server/store/sqlite/schema.ts";
import type { CommandWriter } from "../../../server/store/sqlite/writer/writer_link.ts";

interface Pending {
  job: Job;
  resolve: (value: number) => void;
  reject: (error: Error) => void;
}

/** Writes on the event loop. */
export class LoopWriter implements CommandWriter {
  readonly commits = new CommitFigures();
  usersVersion = 0;
  readonly #database: Database;
  readonly #writer: GroupWriter;
  #pending: Pending[] = [];

  /** @throws {Error} where the database can't be opened */
  constructor(path: string) {
    this.#database = new Database(path, { int64: true, create: false });
    configure(this.#database);
    this.#writer = new GroupWriter(this.#database, {
      othersWrote: () => this.usersVersion++,
    });
  }

  get waiting(): number {
    return this.#writer.waiting;
  }

  write(command: Command, content?: Uint8Array): Promise<number> {
    if (command.kind === "close") return Promise.resolve(0);
    const job = { command, content: () => content ?? new Uint8Array(0) };
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      this.#pending.push({ job, resolve, reject });
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
    const began = performance.now();
    const outcomes = this.#writer.write(group.map(({ job }) => job));
    this.commits.record(group.length, performance.now() - began);
    outcomes.forEach((outcome, i) => {
      if ("value" in outcome) group[i]?.resolve(outcome.value);
      else group[i]?.reject(outcome.error);
    });
  }
}
