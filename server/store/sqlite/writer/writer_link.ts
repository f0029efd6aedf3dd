import { CHECKPOINT_CONTROL_SIZE, CHECKPOINTER } from "../checkpointer.ts";
import { CommitFigures } from "../../commit_figures.ts";
import type { Field } from "../../../../shared/wire/fields.ts";
import { StoreBrokenError, StoreError } from "../../store.ts";
import { commands } from "./commands.ts";
import { close } from "./commands/close.ts";
import { text } from "./fields.ts";
import { BROKEN, encodeFrame, readFrame, RESULT } from "./frames.ts";
import { PipeReader, SharedPipe } from "./shared_pipe.ts";
import type { StoreCommand } from "./store_command.ts";
import { startThread } from "./thread.ts";
import { WRITER, type WriterStart } from "./writer.ts";

/** Bytes that commands may be ahead of the writer; others wait in their own arrays. */
const COMMANDS_SIZE = 4 * 1024 * 1024;
/** Bytes that results may be ahead of the store: more than the packages of 255 devices. */
const RESULTS_SIZE = 1024 * 1024;

/** A command whose result is to come. */
interface Pending {
  result: Field<unknown>;
  resolve: (result: unknown) => void;
  reject: (error: StoreError) => void;
}

/** Codes of commands in their frames. */
const codes: ReadonlyMap<StoreCommand, number> = new Map(
  commands.map((command, code) => [command, code]),
);

/** What a store needs of its writer. */
export type CommandWriter = Pick<WriterLink, keyof WriterLink>;

/**
 * The store's end of the writer's thread: sends commands and settles them as
 * their results come back. The thread that makes checkpoints is started beside
 * it.
 */
export class WriterLink {
  readonly #workers: readonly Worker[];
  readonly #commands: SharedPipe;
  readonly #results: SharedPipe;
  readonly #reader: PipeReader;
  /** Sizes and times of its commits. */
  readonly commits: CommitFigures;
  readonly #waiting: Float64Array;
  readonly #usersVersion: Int32Array;
  readonly #pending: Pending[] = [];
  /** Bytes for which the pipe had no room yet. */
  readonly #queue: Uint8Array[] = [];
  #flushing = false;
  #broken: StoreBrokenError | undefined;

  private constructor(workers: readonly Worker[], start: WriterStart) {
    this.#workers = workers;
    this.#commands = new SharedPipe(start.commands);
    this.#results = new SharedPipe(start.results);
    this.#reader = new PipeReader(this.#results);
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
      results: SharedPipe.allocate(RESULTS_SIZE),
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

  /** Messages that wait in all inboxes; NaN until they are counted. */
  get waiting(): number {
    return this.#waiting[0] ?? NaN;
  }

  /** Rises when another process wrote, and may have deleted users. */
  get usersVersion(): number {
    return Atomics.load(this.#usersVersion, 0);
  }

  /**
   * Writes a command, after those that were given before. The bytes of its
   * contents, which go one after the other, must stay as they are until it is settled.
   *
   * @returns its result, once it is on the disk
   * @throws {StoreError} if it can't be written
   */
  write<T, R>(
    command: StoreCommand<T, R>,
    value: T,
    ...contents: readonly Uint8Array[]
  ): Promise<R> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    this.#put(encodeFrame(codes.get(command) ?? 0, command.fields, value));
    for (const content of contents) this.#put(content);
    const { result } = command;
    this.#pending.push({ result, resolve, reject } as Pending);
    if (!this.#flushing) {
      this.#flushing = true;
      // Together with what else this turn brings, to share a commit.
      queueMicrotask(() => this.#flush());
    }
    if (this.#pending.length === 1) this.#settleAll();
    return promise;
  }

  /** Ends once everything is written that was given. */
  async close(): Promise<void> {
    try {
      await this.write(close, undefined);
    } finally {
      for (const worker of this.#workers) worker.terminate();
    }
  }

  #put(bytes: Uint8Array): void {
    const put = this.#queue.length === 0 ? this.#commands.write(bytes) : 0;
    if (put < bytes.length) this.#queue.push(bytes.subarray(put));
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

  /** Settles commands as their results come, until none is pending. */
  async #settleAll(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#results.readableLater();
      this.#reader.reuse();
      let settled = 0;
      while (this.#reader.available > 0) {
        const { code, payload } = readFrame(this.#reader);
        const pending = this.#pending[settled++];
        if (pending === undefined) continue;
        if (code === RESULT) pending.resolve(pending.result.read(payload));
        else {
          const Failure = code === BROKEN ? StoreBrokenError : StoreError;
          pending.reject(new Failure(text.read(payload)));
        }
      }
      this.#pending.splice(0, settled);
    }
  }

  #break(reason: string): void {
    this.#broken = new StoreBrokenError(`${reason}: start the relay again`);
    for (const { reject } of this.#pending.splice(0)) reject(this.#broken);
  }
}
