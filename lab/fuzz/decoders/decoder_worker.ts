/**
 * Reads one input after the other in a thread of its own, so that a reader that
 * never comes back can be told from the outside.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { encodeHex } from "@std/encoding";
import type { DecoderTarget } from "./codec_targets.ts";
import { decoderTargets } from "./decoder_target.ts";
import { FuzzFailure } from "../failure.ts";
import { changed } from "./inputs.ts";
import { Random } from "../../harness/random.ts";

/** What the thread is asked to do. */
export interface Batch {
  seed: number;
  /** The number of the first input. */
  first: number;
  /** Milliseconds after which it reports. */
  ms: number;
  /** Where the number of the input at hand is kept. */
  at: SharedArrayBuffer;
}

/** What it reports. */
export interface BatchReport {
  /** The number of the next input. */
  next: number;
  /** Which readers took at least one input. */
  took: string[];
  failure?: { expected: string; got: string };
}

/** Bytes that a reader may allocate beside what it copies of its input. */
const MOST_ALLOCATED = 1024 * 1024;
/** Milliseconds that one input may take. */
const MOST_TIME = 2000;

/** A promise, since the first batch may be there before the keys are. */
const readers = decoderTargets();
const took = new Set<string>();

async function run(
  targets: readonly DecoderTarget[],
  seed: number,
  index: number,
): Promise<void> {
  const random = new Random(seed, index);
  const target = random.pick(targets);
  const input = changed(random.pick(target.samples), random);
  const before = Deno.memoryUsage().external;
  const start = performance.now();
  try {
    await read(target, input);
  } catch (error) {
    const [expected, got] = error instanceof FuzzFailure
      ? [error.expected, error.got]
      : [`a value or ${target.throws.name}`, `${error}`];
    throw new FuzzFailure(
      `${target.name}: ${expected}`,
      `${got}\n--seed ${seed} --case ${index}: ${encodeHex(input)}`,
      { cause: error },
    );
  }
  const grown = Deno.memoryUsage().external - before;
  const ms = performance.now() - start;
  if (grown > MOST_ALLOCATED || ms > MOST_TIME) {
    throw new FuzzFailure(
      `${target.name}: less than ${MOST_ALLOCATED} bytes and ${MOST_TIME} ms`,
      `${grown} bytes and ${ms} ms\n--seed ${seed} --case ${index}: ${
        encodeHex(input)
      }`,
    );
  }
}

async function read(
  target: DecoderTarget,
  input: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await target.run(input);
    took.add(target.name);
  } catch (error) {
    if (!(error instanceof target.throws)) throw error;
  }
}

async function runBatch({ seed, first, ms, at }: Batch): Promise<BatchReport> {
  const targets = await readers;
  const cell = new Int32Array(at);
  const end = performance.now() + ms;
  let next = first;
  try {
    do {
      Atomics.store(cell, 0, next);
      await run(targets, seed, next++);
    } while (performance.now() < end);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    const { expected, got } = error;
    return { next, took: [...took], failure: { expected, got } };
  }
  return { next, took: [...took] };
}

parentPort?.on("message", async (batch: Batch) => {
  parentPort?.postMessage(await runBatch(batch));
});
