/**
 * The thread that writes the database, so that the event loop never waits for
 * the disk. It takes commands off a pipe, commits most that have arrived as one
 * group, returns their results and takes what arrived meanwhile.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { Checkpoints } from "../checkpoints.ts";
import { commands } from "./commands.ts";
import { close } from "./commands/close.ts";
import { CommitFigures } from "../../commit_figures.ts";
import { storeError } from "../database_errors.ts";
import { DiskRoom } from "./disk_room.ts";
import { text } from "./fields.ts";
import { BROKEN, encodeFrame, FAILURE, readFrame, RESULT } from "./frames.ts";
import { contentSize, GroupWriter, isLarge, type Job } from "./group_writer.ts";
import { PART_SIZE } from "../../store_rows.ts";
import { Reserve } from "../reserve.ts";
import { configure } from "../schema.ts";
import { StoreBrokenError } from "../../store.ts";
import {
  PipeReader,
  SharedPipe,
  type SharedPipeMemory,
} from "./shared_pipe.ts";
import type { StoreCommand } from "./store_command.ts";
import { enter, type Thread } from "./thread.ts";

/** What starts the writer. */
export interface WriterStart {
  /** The database's path. */
  path: string;
  /** Pages that the file may have, for tests of a full disk; 0 for no limit. */
  maxPages: number;
  /** Frames of commands, each followed by its content. */
  commands: SharedPipeMemory;
  /** Frames of results and failures, in the order of the commands. */
  results: SharedPipeMemory;
  /** The control words of the thread that makes checkpoints. */
  checkpoints: SharedArrayBuffer;
  /** A {@linkcode CommitFigures}. */
  commits: SharedArrayBuffer;
  /** One float64: messages that wait, NaN until they are counted. */
  waiting: SharedArrayBuffer;
  /** An int32: the times that another process may have deleted users. */
  usersVersion: SharedArrayBuffer;
}

/**
 * Share of what has arrived that goes into a group, the oldest first. The rest
 * gives the disk work while responses go out and new requests come in: with all
 * of it, the disk waited a third of the time.
 */
const SHARE = 3 / 4;
/** Commands of one group at most. */
const MOST_COMMANDS = 1024;
/** Bytes of content of one group, about. */
const MOST_BYTES = 4 * 1024 * 1024;

class Writer {
  readonly #reader: PipeReader;
  readonly #results: SharedPipe;
  readonly #waiting: Float64Array;
  readonly #checkpoints: Checkpoints;
  readonly #room: DiskRoom;
  readonly #writer: GroupWriter;
  /** A job that didn't fit into the last group. */
  #next: Job | undefined;
  /** Bytes of a large message's content that are still to come. */
  #left = 0;

  constructor(
    start: WriterStart,
    database: Database,
    checkpoints: Checkpoints,
    room: DiskRoom,
  ) {
    this.#reader = new PipeReader(new SharedPipe(start.commands));
    this.#results = new SharedPipe(start.results);
    this.#waiting = new Float64Array(start.waiting);
    this.#checkpoints = checkpoints;
    this.#room = room;
    const usersVersion = new Int32Array(start.usersVersion);
    const commits = new CommitFigures(start.commits);
    this.#writer = new GroupWriter(database, {
      room,
      // Before any result that rests on it.
      othersWrote: () => {
        Atomics.add(usersVersion, 0, 1);
        room.othersWrote();
      },
      committed: (writes, milliseconds) => commits.record(writes, milliseconds),
    });
  }

  /** Works until it is told to close; returns the job that tells it. */
  run(): Job {
    for (;;) {
      const start = this.#reader.taken;
      const group = this.#gather();
      const [first] = group;
      if (first?.command === close) return first;
      const committed = this.#writer.write(group);
      this.#waiting[0] = this.#writer.waiting;
      this.#results.publish();
      this.#skipLeft();
      if (committed) {
        this.#checkpoints.committed(group.length, this.#reader.taken - start);
        this.#room.tried();
      }
    }
  }

  /** Settles the last job with the end of the work. */
  closed(job: Job, end: () => void): void {
    try {
      end();
      job.resolve(undefined);
    } catch (error) {
      job.reject(storeError(error));
    }
    this.#results.publish();
  }

  /** The oldest jobs that have arrived; waits for a first one. */
  #gather(): Job[] {
    const group: Job[] = [];
    if (this.#next === undefined) {
      this.#reader.reuse();
      this.#reader.wait();
    }
    const start = this.#reader.taken;
    const enough = start +
      Math.min(this.#reader.available * SHARE, MOST_BYTES);
    do {
      const job = this.#next ?? this.#readJob();
      this.#next = undefined;
      if (job.command === close || isLarge(job)) {
        // Alone: a large message is written as it comes, and can't be had twice.
        if (group.length > 0) {
          this.#next = job;
          break;
        }
        this.#left = contentSize(job);
        return [job];
      }
      group.push(job);
    } while (this.#reader.taken < enough && group.length < MOST_COMMANDS);
    return group;
  }

  #readJob(): Job {
    const { code, payload } = readFrame(this.#reader);
    const command = commands[code] as StoreCommand;
    const value = command.fields.read(payload);
    const size = contentSize({ command, value });
    const inParts = size > PART_SIZE;
    const bytes = this.#reader.bytes(inParts ? 0 : size);
    return {
      command,
      value,
      content: inParts ? (size) => this.#takeLeft(size) : () => bytes,
      resolve: (result) =>
        this.#results.writeWhole(encodeFrame(RESULT, command.result, result)),
      reject: (error) =>
        this.#results.writeWhole(encodeFrame(
          error instanceof StoreBrokenError ? BROKEN : FAILURE,
          text,
          error.message,
        )),
    };
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

/** The thread. */
export const WRITER: Thread<WriterStart> = {
  name: "messageu-store-writer",
  module: import.meta.url,
  prepare(start) {
    const reserve = new Reserve(start.path);
    const database = new Database(start.path, { int64: true, create: false });
    try {
      configure(database);
      const checkpoints = new Checkpoints(database, start.checkpoints);
      const { maxPages } = start;
      const room = new DiskRoom(database, checkpoints, reserve, maxPages);
      const writer = new Writer(start, database, checkpoints, room);
      return () => {
        const last = writer.run();
        checkpoints.close();
        writer.closed(last, () => {
          try {
            database.close();
          } finally {
            room.close();
          }
        });
      };
    } catch (error) {
      database.close();
      reserve.close();
      throw error;
    }
  },
};

enter(WRITER);
