/**
 * Writes commands into the database, as many in one transaction as have
 * arrived: a sync of the disk costs most, and a group shares it.
 *
 * @module
 */

import type { Database } from "@db/sqlite";
import { PART_SIZE } from "../../store_rows.ts";
import { StoreBrokenError, type StoreError } from "../../store.ts";
import {
  DiskFullError,
  StoreBusyError,
  storeError,
} from "../database_errors.ts";
import { waitForOthers } from "../schema.ts";
import { ArrivalClock } from "./arrival_clock.ts";
import { commands } from "./commands.ts";
import type { DiskRoom } from "./disk_room.ts";
import { Inboxes } from "./inboxes.ts";
import { Mailboxes } from "./secure/mailboxes.ts";
import type {
  PreparedCommand,
  StoreCommand,
  TakeContent,
  Transaction,
} from "./store_command.ts";
import type { WallClock } from "./wall_clock.ts";

/** A command to write. Once it is on the disk, or isn't, it is settled; neither call may throw. */
export interface Job<T = unknown, R = unknown> {
  /** What to do. */
  readonly command: StoreCommand<T, R>;
  /** Its fields. */
  readonly value: T;
  /** Its content; a job is tried again only where this can be called again. */
  readonly content: TakeContent;
  /** Called after COMMIT. */
  resolve(result: R): void;
  /** Called after ROLLBACK. */
  reject(error: StoreError): void;
}

/** Surroundings of a {@linkcode GroupWriter}. */
export interface GroupWriterOptions {
  /** Keeps room on the disk. Default: nothing does. */
  room?: Pick<DiskRoom, "before" | "make" | "tried">;
  /** Called where another process has written since the last group. Default: nothing. */
  othersWrote?: () => void;
  /** Called after each COMMIT of changes, before their jobs are settled. Default: nothing. */
  committed?: (writes: number, milliseconds: number) => void;
  /** Default: the system's. */
  clock?: WallClock;
}

/** Writes groups of commands, each in a transaction. */
export class GroupWriter {
  readonly #database: Database;
  readonly #prepared: ReadonlyMap<
    StoreCommand,
    PreparedCommand<unknown, unknown>
  >;
  readonly #inboxes: Inboxes;
  readonly #mailboxes: Mailboxes;
  readonly #arrivalClock: ArrivalClock;
  readonly #dataVersionQuery;
  readonly #room: GroupWriterOptions["room"];
  readonly #othersWrote: () => void;
  readonly #committed: (writes: number, milliseconds: number) => void;
  /** Whether the disk had no room for the group before. */
  #isFull = false;
  /** Changes when another connection commits. */
  #dataVersion: number | undefined;
  /** Whether another program's lock is waited for. */
  #waits = true;
  /** Why nothing is written any more. */
  #broken: StoreBrokenError | undefined;

  /** @param database has its tables */
  constructor(
    database: Database,
    { room, othersWrote = () => {}, committed = () => {}, clock }:
      GroupWriterOptions = {},
  ) {
    this.#database = database;
    this.#room = room;
    this.#othersWrote = othersWrote;
    this.#committed = committed;
    this.#prepared = new Map(
      commands.map((command) => [command, command.prepare(database)]),
    );
    this.#inboxes = new Inboxes(database);
    this.#mailboxes = new Mailboxes(database);
    this.#arrivalClock = new ArrivalClock(database, clock);
    this.#dataVersionQuery = database.prepare<{ data_version: number }>(
      "PRAGMA data_version",
    );
    this.#dataVersion = this.#dataVersionQuery.get()?.data_version;
  }

  /** Messages that wait in all inboxes; NaN until they are counted. */
  get waiting(): number {
    return this.#inboxes.total;
  }

  /**
   * Writes a group and settles its jobs, in their order.
   *
   * @returns whether anything was committed
   */
  write(group: readonly Job[]): boolean {
    this.#room?.before(group.reduce((sum, job) => sum + contentSize(job), 0));
    try {
      this.#tryToCommit(group);
      return true;
    } catch (cause) {
      const error = storeError(cause);
      if (error instanceof DiskFullError) {
        this.#room?.make(
          group.some(({ command }) => command.effect !== "adds"),
        );
      }
      // Content of a large message can't be had twice.
      const isFinal = group.some(isLarge) || error instanceof StoreBusyError ||
        error instanceof StoreBrokenError;
      if (!isFinal) return this.#writeEach(group);
      this.#room?.tried();
      for (const job of group) job.reject(error);
      return false;
    }
  }

  /** Gives each job a transaction of its own: what fails for one must not cost the others. */
  #writeEach(group: readonly Job[]): boolean {
    let committed = false;
    for (const job of group) {
      try {
        this.#tryToCommit([job]);
        committed = true;
      } catch (cause) {
        job.reject(storeError(cause));
      }
      this.#room?.tried();
    }
    return committed;
  }

  /** @throws {StoreError} unless the group is committed */
  #tryToCommit(group: readonly Job[]): void {
    if (this.#broken !== undefined) throw this.#broken;
    const began = performance.now();
    let results: unknown[];
    try {
      results = this.#commit(group);
      this.#wait(true);
      this.#isFull = false;
    } catch (cause) {
      const error = storeError(cause);
      this.#isFull = error instanceof DiskFullError;
      if (error instanceof StoreBrokenError) this.#broken = error;
      // Those behind have waited as long: they are refused at once.
      if (error instanceof StoreBusyError) this.#wait(false);
      throw error;
    }
    if (group.some(({ command }) => command.effect !== "reads")) {
      this.#committed(group.length, performance.now() - began);
    }
    group.forEach((job, i) => job.resolve(results[i]));
  }

  #wait(wait: boolean): void {
    if (wait === this.#waits) return;
    this.#waits = wait;
    waitForOthers(this.#database, wait);
  }

  /** @returns the results; when this returns, they are on the disk */
  #commit(group: readonly Job[]): unknown[] {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      this.#noticeOthers();
      // To move all arrivals takes room in the log.
      const { arrivals, committed } = this.#arrivalClock.look(!this.#isFull);
      const transaction = {
        inboxes: this.#inboxes,
        mailboxes: this.#mailboxes,
        arrivals,
      };
      const results = group.map((job) => this.#execute(job, transaction));
      this.#database.exec("COMMIT");
      committed();
      return results;
    } catch (error) {
      this.#clearCaches();
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Drops what is cached where another process, such as admin, has written. */
  #noticeOthers(): void {
    const version = this.#dataVersionQuery.get()?.data_version;
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.#clearCaches();
    this.#othersWrote();
  }

  #clearCaches(): void {
    this.#inboxes.clear();
    this.#mailboxes.clear();
  }

  #execute({ command, value, content }: Job, transaction: Transaction) {
    return this.#prepared.get(command)?.execute(value, transaction, content);
  }
}

/** Bytes of a command's content. */
export function contentSize(
  { command, value }: Pick<Job, "command" | "value">,
): number {
  return command.contentSize?.(value) ?? 0;
}

/** Whether its content is written as it comes, which can be done only once and alone. */
export function isLarge(job: Pick<Job, "command" | "value">): boolean {
  return contentSize(job) > PART_SIZE;
}
