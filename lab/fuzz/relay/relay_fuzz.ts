/**
 * Runs cases against one relay after the other, and makes a case that fails as
 * small as it gets.
 *
 * @module
 */

import { FuzzFailure } from "../failure.ts";
import { describeCase, type FuzzCase, makeCase } from "./plans.ts";
import { limits, RelayTarget } from "./relay_target.ts";
import { shrink } from "./shrink.ts";
import type { Tally } from "../tally.ts";

/** Cases after which a relay is ended and its database looked into. */
const CASES_EACH = 400;
/** Milliseconds after which a failing case isn't made any smaller. */
const SHRINK_TIME = 20_000;

/** Cases against relays: one runs at a time, until the last is finished. */
export class RelayFuzz {
  readonly #seed: number;
  readonly #tally: Tally;
  #index: number;
  #target: RelayTarget | undefined;
  #here = 0;
  #relays = 0;
  #counted = 0;

  /** @param first the number of the first case */
  constructor(seed: number, tally: Tally, first = 0) {
    this.#seed = seed;
    this.#tally = tally;
    this.#index = first;
  }

  /**
   * Runs cases for so many milliseconds, at least one.
   *
   * @throws {FuzzFailure} on the first that fails, with all that is needed to see it again
   */
  async run(ms: number): Promise<void> {
    const end = performance.now() + ms;
    do await this.#runNext(); while (performance.now() < end);
  }

  /**
   * Ends the relay that runs and looks into its database.
   *
   * @throws {FuzzFailure} where that isn't what was acknowledged
   */
  async finish(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    try {
      // Every other relay is killed: what was acknowledged must outlive that.
      await target.finish(this.#relays++ % 2 === 0 ? "stop" : "kill");
    } catch (error) {
      throw this.#told(error, this.#index - 1, "at the end of the relay");
    } finally {
      this.#target = undefined;
      this.#here = this.#counted = 0;
      await target[Symbol.asyncDispose]();
    }
  }

  /** Lets go of the relay, however it went. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target?.[Symbol.asyncDispose]();
  }

  async #runNext(): Promise<void> {
    const index = this.#index++;
    const fuzzCase = makeCase(this.#seed, index, limits);
    const target = this.#target ??= await RelayTarget.start();
    try {
      this.#tally.add(fuzzCase, await target.run(fuzzCase));
    } catch (error) {
      throw await this.#shrunk(fuzzCase, error, index);
    }
    this.#tally.connections += target.connections - this.#counted;
    this.#counted = target.connections;
    this.#tally.mostRss = Math.max(this.#tally.mostRss, target.mostRss);
    if (++this.#here >= CASES_EACH || target.full) await this.finish();
  }

  async #shrunk(
    fuzzCase: FuzzCase,
    error: unknown,
    index: number,
  ): Promise<FuzzFailure> {
    let last = error;
    const smallest = await shrink(fuzzCase, SHRINK_TIME, async (candidate) => {
      const target = await RelayTarget.start();
      try {
        await target.run(candidate);
        await target.finish("stop");
        return false;
      } catch (found) {
        // Another failure is another story.
        if (kindOf(found) !== kindOf(error)) return false;
        last = found;
        return true;
      } finally {
        await target[Symbol.asyncDispose]();
      }
    });
    const story = smallest === undefined
      ? `alone on a new relay it passes; in full:\n${describeCase(fuzzCase)}`
      : `shrunk:\n${describeCase(smallest)}`;
    return this.#told(last, index, story);
  }

  #told(error: unknown, index: number, story: string): FuzzFailure {
    const { expected, got } = error instanceof FuzzFailure
      ? error
      : { expected: "no error", got: `${error}` };
    return new FuzzFailure(
      expected,
      `${got}\n--seed ${this.#seed} --case ${index}, ${story}`,
      { cause: error },
    );
  }
}

/** What tells one failure from another: its words without the numbers. */
function kindOf(error: unknown): string {
  const words = error instanceof FuzzFailure ? error.expected : `${error}`;
  return words.replace(/[0-9a-f]{32}|\d+/g, "");
}
