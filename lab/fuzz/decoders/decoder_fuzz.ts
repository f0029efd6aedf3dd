/**
 * Runs inputs against everything that reads, in a thread that is watched.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import type { Batch, BatchReport } from "./decoder_worker.ts";
import { FuzzFailure, PATIENCE } from "../failure.ts";
import type { Tally } from "../tally.ts";

/** Inputs to decoders, in batches. */
export class DecoderFuzz {
  readonly #seed: number;
  readonly #tally: Tally;
  readonly #at = new SharedArrayBuffer(4);
  readonly #worker = new Worker(
    new URL("./decoder_worker.ts", import.meta.url),
  );
  #next: number;

  /** @param first the number of the first input */
  constructor(seed: number, tally: Tally, first = 0) {
    this.#seed = seed;
    this.#tally = tally;
    this.#next = first;
  }

  /**
   * Runs inputs for so many milliseconds, at least one.
   *
   * @throws {FuzzFailure} on the first that isn't read as it must be, or not in time
   */
  async run(ms: number): Promise<void> {
    const batch: Batch = {
      seed: this.#seed,
      first: this.#next,
      ms,
      at: this.#at,
    };
    const { next, took, failure } = await this.#ask(batch, ms + PATIENCE);
    this.#tally.decoded += next - this.#next;
    for (const name of took) this.#tally.readers.add(name);
    this.#next = next;
    if (failure) throw new FuzzFailure(failure.expected, failure.got);
  }

  /** Ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(batch: Batch, patience: number): Promise<BatchReport> {
    const { promise, resolve, reject } = Promise.withResolvers<BatchReport>();
    const timer = setTimeout(() => {
      const at = Atomics.load(new Int32Array(this.#at), 0);
      const input = `--seed ${this.#seed} --case ${at}`;
      reject(new FuzzFailure("a decoder's answer", `none for ${input}`));
    }, patience);
    this.#worker.once("message", resolve);
    this.#worker.once("error", (error) => {
      reject(new FuzzFailure("a decoder's answer", `${error}`));
    });
    this.#worker.postMessage(batch);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#worker.removeAllListeners();
    }
  }
}
