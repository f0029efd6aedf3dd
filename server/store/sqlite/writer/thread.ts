/**
 * Starts threads of the store, and runs their work.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { StoreError } from "../../store.ts";

/** A thread's only message: whether it could start its work. */
type Ready = { error: string | undefined };

/** The part of a worker's global scope that a program's types lack. */
interface ThreadScope {
  readonly name: string;
  onmessage: (event: MessageEvent) => void;
  postMessage(message: Ready): void;
  close(): void;
}

const scope = globalThis as unknown as ThreadScope;

/** A kind of thread. */
export interface Thread<Start> {
  /** The name of the worker. */
  name: string;
  /** The module that calls {@linkcode enter}; in a bundle, the bundle. */
  module: string;
  /** Prepares the work, or throws; returns the work, which blocks the thread until it is over. */
  prepare: (start: Start) => () => void;
}

/**
 * Runs the work where this is such a thread. The module calls it as it is
 * loaded: in a bundle it is part of the program that starts the thread, too.
 */
export function enter<Start>(thread: Thread<Start>): void {
  if (scope.name !== thread.name) return;
  scope.onmessage = ({ data }) => {
    let work: () => void;
    try {
      work = thread.prepare(data);
    } catch (error) {
      return scope.postMessage({ error: reasonOf(error) });
    }
    scope.postMessage({ error: undefined });
    work();
    scope.close();
  };
}

/**
 * Starts a thread; later failures go to the worker's `onerror`.
 *
 * @throws {StoreError} where it can't start its work
 */
export async function startThread<Start>(
  { name, module }: Thread<Start>,
  start: Start,
): Promise<Worker> {
  const worker = new Worker(module, { type: "module", name });
  const { promise, resolve } = Promise.withResolvers<Ready>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve({ error: event.message });
  };
  worker.postMessage(start);
  const { error } = await promise;
  if (error === undefined) return worker;
  worker.terminate();
  throw new StoreError(error);
}
