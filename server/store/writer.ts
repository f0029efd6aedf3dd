/**
 * The thread that writes the database, so that waiting for the disk stops
 * nobody. It takes commands off a pipe, commits all that have arrived as one
 * group, answers them and takes what arrived meanwhile.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { reasonOf } from "../../shared/reason.ts";
import {
  type Command,
  encodeOutcomes,
  type Outcome,
  readCommand,
} from "./commands.ts";
import { storeError } from "./damage.ts";
import { GroupWriter, type Job } from "./group_writer.ts";
import { PipeReader } from "./pipe_reader.ts";
import { configure, PART_SIZE } from "./schema.ts";
import { SharedPipe, type SharedPipeMemory } from "./shared_pipe.ts";

/** The name of the worker that runs this module as its entry. */
export const WRITER_NAME = "messageu-store-writer";
/** Where that entry is; in a bundle, the bundle. */
export const WRITER_MODULE: string = import.meta.url;

/** What the writer is started with. */
export interface WriterStart {
  /** The database's path. */
  path: string;
  /** Pages that the file may have, for tests of a full disk; 0 for no limit. */
  maxPages: number;
  /** Commands come in here. */
  commands: SharedPipeMemory;
  /** Outcomes go out here, in the order of the commands. */
  outcomes: SharedPipeMemory;
  /** Two float64: commits so far, and commands in them. */
  counters: SharedArrayBuffer;
}

/** What the writer says once: whether it could open the database. */
export type WriterReady = { error: string | undefined };

/**
 * How much of what has arrived goes into a group, the oldest first. Some is
 * left, so that the disk has work while the answers go out and new requests
 * come in: with all of it, the disk waited a third of the time.
 */
const SHARE = 3 / 4;
/** Commands of one group at most. */
const MOST_COMMANDS = 1024;
/** Bytes of content of one group, about; also what a failed group can be tried again with. */
const MOST_BYTES = 4 * 1024 * 1024;

class Writer {
  readonly #reader: PipeReader;
  readonly #outcomes: SharedPipe;
  readonly #counters: Float64Array;
  readonly #writer: GroupWriter;
  /** A command that didn't fit into the last group. */
  #next: Command | undefined;
  /** Bytes of a large message's content that are still to come. */
  #left = 0;

  constructor(start: WriterStart, database: Database) {
    this.#reader = new PipeReader(new SharedPipe(start.commands));
    this.#outcomes = new SharedPipe(start.outcomes);
    this.#counters = new Float64Array(start.counters);
    this.#writer = new GroupWriter(database);
  }

  /** Works until it is told to close. */
  run(): void {
    for (;;) {
      const group = this.#gather();
      if (group.length === 0) return;
      const outcomes = this.#writer.write(group);
      this.#counters[0] = (this.#counters[0] ?? 0) + 1;
      this.#counters[1] = (this.#counters[1] ?? 0) + group.length;
      this.#answer(outcomes);
      this.#skipLeft();
    }
  }

  /** Answers that the work is done. */
  closed(outcome: Outcome): void {
    this.#answer([outcome]);
  }

  #answer(outcomes: readonly Outcome[]): void {
    const bytes = encodeOutcomes(outcomes);
    for (let at = 0; at < bytes.length;) {
      this.#outcomes.waitWritable();
      at += this.#outcomes.write(bytes.subarray(at));
    }
    this.#outcomes.publish();
  }

  /**
   * The oldest of what has arrived; waits for a first command. None means:
   * close.
   */
  #gather(): Job[] {
    const group: Job[] = [];
    if (this.#next === undefined) this.#reader.wait();
    const start = this.#reader.taken;
    const enough = start +
      Math.min(this.#reader.available * SHARE, MOST_BYTES);
    do {
      const command = this.#next ?? readCommand(this.#reader);
      this.#next = undefined;
      const size = command.kind === "send" ? command.size : 0;
      if (command.kind === "close" || size > PART_SIZE) {
        // Alone: a large message is written as it comes, and can't be had twice.
        if (group.length > 0) {
          this.#next = command;
          break;
        }
        if (command.kind === "close") return [];
        this.#left = size;
        return [{ command, content: (size) => this.#takeLeft(size) }];
      }
      const content = this.#reader.bytes(size);
      group.push({ command, content: () => content });
    } while (this.#reader.taken < enough && group.length < MOST_COMMANDS);
    return group;
  }

  #takeLeft(size: number): Uint8Array {
    this.#left -= size;
    return this.#reader.bytes(size);
  }

  /** A large message that failed leaves the rest of its content in the pipe. */
  #skipLeft(): void {
    while (this.#left > 0) this.#takeLeft(Math.min(this.#left, PART_SIZE));
  }
}

/** Opens the database, says so, and works until it is told to close. */
function work(start: WriterStart): void {
  let database: Database | undefined;
  const ready = (error?: string) =>
    scope.postMessage({ error } satisfies WriterReady);
  try {
    database = new Database(start.path, { int64: true, create: false });
    configure(database);
    if (start.maxPages > 0) {
      database.exec(`PRAGMA max_page_count = ${start.maxPages}`);
    }
  } catch (error) {
    database?.close();
    return ready(reasonOf(error));
  }
  const writer = new Writer(start, database);
  ready();
  writer.run();
  let outcome: Outcome = { value: 0 };
  try {
    database.close();
  } catch (error) {
    outcome = { error: storeError(error) };
  }
  writer.closed(outcome);
  scope.close();
}

/** What a worker's global scope has that this program's other code doesn't see. */
interface WorkerScope {
  readonly name: string;
  onmessage: (event: MessageEvent<WriterStart>) => void;
  postMessage(message: WriterReady): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

// In a bundle this module is part of the program that starts the worker.
if (scope.name === WRITER_NAME) scope.onmessage = ({ data }) => work(data);
