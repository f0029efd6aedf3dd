/**
 * One run of a load: how long it goes on, and what came of it.
 *
 * @module
 */

import type { ResponseCounter } from "./responses.ts";
import type { Batch, Frames } from "./frames.ts";

/** When a run ends: after a time, after so many requests, or when they are used up. */
export interface RunPlan {
  /** How long requests are sent. Default: for ever. */
  seconds?: number;
  /** How many are sent. Default: any number. */
  count?: number;
  /** How many of the connections are used. Default: all. */
  active?: number;
  /** Instead, one request on each of the connections, so many at a time. */
  sweep?: number;
}

/** What a run reached. */
export interface RunResult {
  /** Responses in the time. */
  responses: number;
  /** The time, up to the last response where the requests ended first. */
  seconds: number;
  /** Responses a second. */
  rate: number;
  /** The median time from a request to its response in milliseconds; 0 unless one is in flight. */
  median: number;
  /** The time that 99 of 100 stay below, in milliseconds; 0 as above. */
  p99: number;
  /** Share of one processor that the load's process used. */
  cpu: number;
}

/** A run under way. */
export class Run {
  readonly #frames: Frames;
  readonly #start = performance.now();
  readonly #deadline: number;
  #left: number;
  #responses = 0;
  #last = this.#start;
  readonly #latencies: number[] = [];

  /** Starts its clock. */
  constructor(frames: Frames, { seconds, count }: RunPlan) {
    this.#frames = frames;
    this.#deadline = this.#start + 1000 * (seconds ?? Infinity);
    this.#left = count ?? Infinity;
  }

  /** The next requests, `most` of them at most; none once the run is over. */
  take(most: number): Batch {
    const over = performance.now() >= this.#deadline;
    const batch = this.#frames.take(over ? 0 : Math.min(most, this.#left));
    this.#left -= batch.count;
    return batch;
  }

  /**
   * Counts responses. Those that come behind the deadline don't count.
   *
   * @param sent when the request went out, where there was only one
   */
  responded(responses: number, sent: number | undefined): void {
    const now = performance.now();
    if (now > this.#deadline || responses === 0) return;
    this.#responses += responses;
    this.#last = now;
    if (sent !== undefined) this.#latencies.push(now - sent);
  }

  /** @throws {Error} where a response wasn't the one that was expected */
  check({ failures, firstFailure }: ResponseCounter): void {
    if (failures === 0) return;
    const { code, size } = firstFailure ?? {};
    throw new Error(
      `Expected every response to be right, got ${failures} others, first ${code} with ${size} bytes`,
    );
  }

  /** What it reached. @param cpu milliseconds of processor time that it took */
  result(cpu: number): RunResult {
    const end = performance.now();
    const measured = Math.min(this.#deadline, this.#last) - this.#start;
    const window = Number.isFinite(this.#deadline) && end >= this.#deadline
      ? this.#deadline - this.#start
      : measured;
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number) =>
      sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return {
      responses: this.#responses,
      seconds: window / 1000,
      rate: 1000 * this.#responses / window,
      median: at(0.5),
      p99: at(0.99),
      cpu: cpu / (end - this.#start),
    };
  }
}
