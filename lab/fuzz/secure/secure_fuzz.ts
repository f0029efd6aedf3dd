/**
 * Runs cases against the secure port of one relay after the other.
 *
 * @module
 */

import { Random } from "../../harness/random.ts";
import { FuzzFailure } from "../failure.ts";
import type { Tally } from "../tally.ts";
import { SecureTarget } from "./secure_target.ts";

/** Cases after which a relay is ended, and what it kept is looked into. */
const CASES_EACH = 300;

/** Cases against secure ports: one runs at a time, until the last is finished. */
export class SecureFuzz {
  readonly #seed: number;
  readonly #tally: Tally;
  #index: number;
  #target: SecureTarget | undefined;
  #here = 0;
  #relays = 0;

  /** @param first the number of the first case */
  constructor(seed: number, tally: Tally, first = 0) {
    this.#seed = seed;
    this.#tally = tally;
    this.#index = first;
  }

  /**
   * Runs cases for so many milliseconds, at least one.
   *
   * @throws {FuzzFailure} on the first that fails
   */
  async run(ms: number): Promise<void> {
    const end = performance.now() + ms;
    do await this.#runNext(); while (performance.now() < end);
  }

  /**
   * Ends the relay that runs and looks at what it kept.
   *
   * @throws {FuzzFailure} where that isn't what was acknowledged
   */
  async finish(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    this.#target = undefined;
    this.#here = 0;
    try {
      // Every other relay is killed: what was acknowledged must outlive that.
      await target.finish(this.#relays++ % 2 === 0 ? "kill" : "stop");
    } catch (error) {
      throw this.#told(error, "at the end of the relay after");
    } finally {
      this.#tally.addSecure(target);
      await target[Symbol.asyncDispose]();
    }
  }

  /** Lets go of the relay, however it went. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target?.[Symbol.asyncDispose]();
  }

  async #runNext(): Promise<void> {
    const target = this.#target ??= await SecureTarget.start();
    const random = new Random(this.#seed, this.#index++);
    try {
      await target.run(random);
    } catch (error) {
      this.#tally.addSecure(target);
      throw this.#told(error, "in");
    }
    this.#tally.cases++;
    if (++this.#here >= CASES_EACH || target.full) await this.finish();
  }

  #told(error: unknown, when: string): FuzzFailure {
    const { expected, got } = error instanceof FuzzFailure
      ? error
      : { expected: "no error", got: `${error}` };
    const first = this.#index - this.#here - 1;
    return new FuzzFailure(
      expected,
      `${got}\n${when} case ${
        this.#index - 1
      }; --secure --seed ${this.#seed} --case ${first} begins with its relay`,
      { cause: error },
    );
  }
}
