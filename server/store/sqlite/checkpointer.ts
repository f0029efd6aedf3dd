/**
 * The thread that copies what was committed out of SQLite's log (the `-wal`
 * file) into the database's own, while the writer goes on committing.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { configure } from "./schema.ts";
import { enter, type Thread } from "./writer/thread.ts";

/** What starts the thread. */
export interface CheckpointerStart {
  /** The database's path. */
  path: string;
  /** The control words: see {@linkcode CheckpointWord}. */
  control: SharedArrayBuffer;
}

/** Bytes of the control words. */
export const CHECKPOINT_CONTROL_SIZE = 12;

/** Positions of the control words, 4 bytes each. */
export const CheckpointWord = {
  /** A {@linkcode CheckpointState}. */
  State: 0,
  /** Pages in the log when the last checkpoint ended. */
  Pages: 1,
  /** Pages of them that it left there. */
  Left: 2,
} as const;

/** States of the thread. */
export const CheckpointState = {
  /** It waits. */
  Idle: 0,
  /** It makes a checkpoint. */
  Asked: 1,
  /** It ends. */
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

/** Result of a checkpoint, in pages of the log. */
export interface CheckpointResult {
  /** Pages that were in the log. */
  pages: number;
  /** Pages of them that aren't in the database's own file, because of a reader or a full disk. */
  left: number;
}

/**
 * Prepares a checkpoint, which copies as much of the log as it can. Like SQLite
 * itself after a commit it leaves a failure to the next try: `pages` is 0 then,
 * and `left` isn't.
 */
export function prepareCheckpoint(database: Database): () => CheckpointResult {
  const checkpoint = database.prepare<{ log: number; checkpointed: number }>(
    "PRAGMA wal_checkpoint(PASSIVE)",
  );
  return () => {
    try {
      const { log = -1, checkpointed = -1 } = checkpoint.get() ?? {};
      // -1 where another one makes a checkpoint.
      if (log < 0) return { pages: 0, left: 1 };
      return { pages: log, left: log - checkpointed };
    } catch {
      return { pages: 0, left: 1 };
    }
  };
}

function serve(control: Int32Array, checkpoint: () => CheckpointResult): void {
  const { State, Pages, Left } = CheckpointWord;
  for (;;) {
    Atomics.wait(control, State, CheckpointState.Idle);
    if (Atomics.load(control, State) === CheckpointState.Closing) return;
    const { pages, left } = checkpoint();
    Atomics.store(control, Pages, pages);
    Atomics.store(control, Left, left);
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
