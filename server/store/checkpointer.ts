/**
 * The thread that copies what was committed out of SQLite's log (the `-wal`
 * file) into the database's own, while the writer goes on committing.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { configure } from "./schema.ts";
import { enter, type Thread } from "./thread.ts";

/** What the thread is started with. */
export interface CheckpointerStart {
  /** The database's path. */
  path: string;
  /** What it is to do, and how long the log is: see {@linkcode CheckpointWord}. */
  control: SharedArrayBuffer;
}

/** Bytes of the control words. */
export const CHECKPOINT_CONTROL_SIZE = 8;

/** Positions of the control words, 4 bytes each. */
export const CheckpointWord = {
  /** A {@linkcode CheckpointState}. */
  State: 0,
  /** Pages in the log when the last checkpoint ended. */
  Pages: 1,
} as const;

/** What the thread does. */
export const CheckpointState = {
  /** It waits. */
  Idle: 0,
  /** It is to make a checkpoint, and makes it. */
  Asked: 1,
  /** It is to end. */
  Closing: 2,
  /** It has ended. */
  Closed: 3,
} as const;

/** The thread. */
export const CHECKPOINTER: Thread<CheckpointerStart> = {
  name: "messageu-store-checkpointer",
  module: import.meta.url,
  prepare({ path, control }) {
    const words = new Int32Array(control);
    const database = new Database(path, { int64: true, create: false });
    try {
      configure(database);
      const checkpoint = prepareCheckpoint(database);
      return () => {
        serve(words, checkpoint);
        database.close();
        say(words, CheckpointState.Closed);
      };
    } catch (error) {
      database.close();
      throw error;
    }
  },
};

enter(CHECKPOINTER);

/**
 * Prepares what copies as much of the log as there is and returns the pages
 * that are in it, or 0 where it failed: like SQLite itself after a commit, it
 * leaves a failure to the next try.
 */
export function prepareCheckpoint(database: Database): () => number {
  const checkpoint = database.prepare<{ log: number }>(
    "PRAGMA wal_checkpoint(PASSIVE)",
  );
  return () => {
    try {
      return Math.max(0, checkpoint.get()?.log ?? 0);
    } catch {
      return 0;
    }
  };
}

function serve(control: Int32Array, checkpoint: () => number): void {
  const { State, Pages } = CheckpointWord;
  for (;;) {
    Atomics.wait(control, State, CheckpointState.Idle);
    if (Atomics.load(control, State) === CheckpointState.Closing) return;
    Atomics.store(control, Pages, checkpoint());
    // It may have been told to close meanwhile.
    const { Asked, Idle } = CheckpointState;
    Atomics.compareExchange(control, State, Asked, Idle);
    Atomics.notify(control, State);
  }
}

function say(control: Int32Array, state: number): void {
  Atomics.store(control, CheckpointWord.State, state);
  Atomics.notify(control, CheckpointWord.State);
}
