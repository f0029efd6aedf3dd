/**
 * The thread that writes the database, so that waiting for the disk stops
 * nobody. It takes commands off a pipe, commits all that have arrived as one
 * group, answers them and takes what arrived meanwhile.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { Checkpoints } from "../checkpoints.ts";
import {
  type Command,
  encodeOutcomes,
  type Outcome,
  readCommand,
} from "./commands.ts";
import { CommitFigures } from "../../commit_figures.ts";
import { storeError } from "../database_errors.ts";
import { DiskRoom } from "./disk_room.ts";
import { GroupWriter, type Job } from "./group_writer.ts";
import { PipeReader } from "./pipe_reader.ts";
import { PART_SIZE } from "../../layout.ts";
import { Reserve } from "../reserve.ts";
import { configure } from "../schema.ts";
import { SharedPipe, type SharedPipeMemory } from "./shared_pipe.ts";
import { enter, type Thread } from "./thread.ts";

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
  readonly #commits: CommitFigures;
  readonly #waiting: Float64Array;
  readonly #checkpoints: Checkpoints;
  readonly #room: DiskRoom;
  readonly #writer: GroupWriter;
  /** A command that didn't fit into the last group. */
  #next: Command | undefined;
  /** Bytes of a large message's content that are still to come. */
  #left = 0;

  constructor(
    start: WriterStart,
    database: Database,
    checkpoints: Checkpoints,
    room: DiskRoom,
  ) {
    this.#reader = new PipeReader(new SharedPipe(start.commands));
    this.#outcomes = new SharedPipe(start.outcomes);
    this.#commits = new CommitFigures(start.commits);
    this.#waiting = new Float64Array(start.waiting);
    this.#checkpoints = checkpoints;
    this.#room = room;
    const usersVersion = new Int32Array(start.usersVersion);
    this.#writer = new GroupWriter(database, {
      room,
      // Before anything is answered that rests on it.
      othersWrote: () => {
        Atomics.add(usersVersion, 0, 1);
        room.othersWrote();
      },
    });
  }

  /** Works until it is told to close. */
  run(): void {
    for (;;) {
      const start = this.#reader.taken;
      const group = this.#gather();
      if (group.length === 0) return;
      const began = performance.now();
      const outcomes = this.#writer.write(group);
      const committed = outcomes.some((outcome) => "value" in outcome);
      // Before the answers: who has one finds it counted.
      if (committed && group.some(isWrite)) {
        this.#commits.record(group.length, performance.now() - began);
      }
      this.#waiting[0] = this.#writer.waiting;
      this.#answer(outcomes);
      this.#skipLeft();
      if (committed) {
        this.#checkpoints.committed(group.length, this.#reader.taken - start);
        this.#room.tried();
      }
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
    if (this.#next === undefined) {
      this.#reader.reuse();
      this.#reader.wait();
    }
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

/** Whether it changes something, and so has to go to the disk. */
function isWrite({ command }: Job): boolean {
  return command.kind !== "ping" && command.kind !== "count";
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
        writer.run();
        checkpoints.close();
        const outcome = close(database);
        room.close();
        writer.closed(outcome);
      };
    } catch (error) {
      database.close();
      reserve.close();
      throw error;
    }
  },
};

function close(database: Database): Outcome {
  try {
    database.close();
    return { value: 0 };
  } catch (error) {
    return { error: storeError(error) };
  }
}

enter(WRITER);
