/**
 * The store's end of the writer's thread: sends commands and settles them as
 * their outcomes come back.
 *
 * @module
 */

import { CHECKPOINT_CONTROL_SIZE, CHECKPOINTER } from "../checkpointer.ts";
import { CommitFigures } from "../../commit_figures.ts";
import { type Command, CommandEncoder, readOutcomes } from "./commands.ts";
import { SharedPipe } from "./shared_pipe.ts";
import { StoreBrokenError } from "../../store.ts";
import { startThread } from "./thread.ts";
import { WRITER, type WriterStart } from "./writer.ts";

/** Bytes that commands may be ahead of the writer; more wait in their own arrays. */
const COMMANDS_SIZE = 4 * 1024 * 1024;
/** Bytes that outcomes may be ahead of us. */
const OUTCOMES_SIZE = 64 * 1024;

interface Pending {
  resolve: (value: number) => void;
  reject: (error: Error) => void;
}

/** Writes commands, in their order. */
export interface CommandWriter {
  /** What its commits have been like. */
  readonly commits: CommitFigures;
  /** Messages that wait, in all inboxes; NaN until they are counted. */
  readonly waiting: number;
  /** The times that another process wrote, and may have deleted users. */
  readonly usersVersion: number;
  /**
   * Has a command written, after those that were given before. Its bytes must
   * stay as they are until it is settled.
   *
   * @returns what came of it, once it is on the disk
   * @throws {StoreError} where it couldn't be written
   */
  write(command: Command, content?: Uint8Array): Promise<number>;
  /** Ends once everything is written that was given. */
  close(): Promise<void>;
}

/** A writer that runs in a thread of its own, beside the one that makes its checkpoints. */
export class WriterLink implements CommandWriter {
  readonly #workers: readonly Worker[];
  readonly #encoder = new CommandEncoder();
  readonly #commands: SharedPipe;
  readonly #outcomes: SharedPipe;
  readonly commits: CommitFigures;
  readonly #waiting: Float64Array;
  readonly #usersVersion: Int32Array;
  readonly #pending: Pending[] = [];
  readonly #arrived = new Uint8Array(OUTCOMES_SIZE);
  /** Bytes for which the pipe had no room yet. */
  readonly #queue: Uint8Array[] = [];
  #flushing = false;
  #broken: StoreBrokenError | undefined;

  private constructor(workers: readonly Worker[], start: WriterStart) {
    this.#workers = workers;
    this.#commands = new SharedPipe(start.commands);
    this.#outcomes = new SharedPipe(start.outcomes);
    this.commits = new CommitFigures(start.commits);
    this.#waiting = new Float64Array(start.waiting);
    this.#usersVersion = new Int32Array(start.usersVersion);
    for (const worker of workers) {
      worker.onerror = (event) => {
        event.preventDefault();
        this.#break(`a thread of the store ended (${event.message})`);
      };
    }
  }

  /**
   * Starts the writer of a database that is ready for it.
   *
   * @param maxPages pages that the file may have; 0 for no limit
   * @throws {StoreError} where it can't open the database
   */
  static async start(path: string, maxPages: number): Promise<WriterLink> {
    const control = new SharedArrayBuffer(CHECKPOINT_CONTROL_SIZE);
    const start: WriterStart = {
      path,
      maxPages,
      commands: SharedPipe.allocate(COMMANDS_SIZE),
      outcomes: SharedPipe.allocate(OUTCOMES_SIZE),
      checkpoints: control,
      commits: new SharedArrayBuffer(CommitFigures.SIZE),
      waiting: new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT),
      usersVersion: new SharedArrayBuffer(4),
    };
    new Float64Array(start.waiting)[0] = NaN;
    const checkpointer = await startThread(CHECKPOINTER, { path, control });
    try {
      const writer = await startThread(WRITER, start);
      return new WriterLink([writer, checkpointer], start);
    } catch (error) {
      checkpointer.terminate();
      throw error;
    }
  }

  get waiting(): number {
    return this.#waiting[0] ?? NaN;
  }

  get usersVersion(): number {
    return Atomics.load(this.#usersVersion, 0);
  }

  write(command: Command, content?: Uint8Array): Promise<number> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#put(this.#encoder.encode(command), true);
    if (content !== undefined) this.#put(content, false);
    const written = new Promise<number>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
    if (!this.#flushing) {
      this.#flushing = true;
      // Together with what else this turn brings, to share a commit.
      queueMicrotask(() => this.#flush());
    }
    if (this.#pending.length === 1) this.#settleAll();
    return written;
  }

  async close(): Promise<void> {
    try {
      await this.write({ kind: "close" });
    } finally {
      for (const worker of this.#workers) worker.terminate();
    }
  }

  /** @param passing whether the bytes change after this call */
  #put(bytes: Uint8Array, passing: boolean): void {
    const put = this.#queue.length === 0 ? this.#commands.write(bytes) : 0;
    if (put === bytes.length) return;
    const left = bytes.subarray(put);
    this.#queue.push(passing ? left.slice() : left);
  }

  async #flush(): Promise<void> {
    this.#commands.publish();
    while (this.#queue.length > 0) {
      await this.#commands.writableLater();
      const [first] = this.#queue;
      if (first === undefined) break;
      const put = this.#commands.write(first);
      if (put < first.length) this.#queue[0] = first.subarray(put);
      else this.#queue.shift();
      if (this.#queue.length === 0) this.#commands.publish();
    }
    this.#flushing = false;
  }

  /** Settles outcomes as they come, until none is owed. */
  async #settleAll(): Promise<void> {
    const buffer = this.#arrived;
    let end = 0;
    while (this.#pending.length > 0) {
      await this.#outcomes.readableLater();
      end += this.#outcomes.read(buffer.subarray(end));
      let settled = 0;
      const used = readOutcomes(buffer.subarray(0, end), (outcome) => {
        const pending = this.#pending[settled++];
        if ("value" in outcome) pending?.resolve(outcome.value);
        else pending?.reject(outcome.error);
      });
      this.#pending.splice(0, settled);
      buffer.copyWithin(0, used, end);
      end -= used;
    }
  }

  #break(reason: string): void {
    this.#broken = new StoreBrokenError(`${reason}: start the relay again`);
    for (const { reject } of this.#pending.splice(0)) reject(this.#broken);
  }
}
