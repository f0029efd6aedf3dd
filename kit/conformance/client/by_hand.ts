/**
 * A person plays the client's user: the steps are printed as they become due.
 *
 * @module
 */

import { lines } from "../../../shared/cli/lines.ts";
import type { Bell, Player } from "./player.ts";
import { stepText } from "./script.ts";
import type { Finding, Step } from "./step.ts";

/** A person at another terminal; Enter skips a step. */
export class ByHand implements Player {
  readonly folder = undefined;
  readonly output = undefined;
  readonly ending = undefined;
  readonly stopped = undefined;
  readonly #say: (text: string) => void;
  readonly #sample: string;
  #gaveUp = false;

  /**
   * @param input a line of it, or its end, skips a step
   * @param say takes the steps' texts
   * @param sample the path of the file that is to be sent
   */
  constructor(
    input: ReadableStream<Uint8Array<ArrayBuffer>>,
    say: (text: string) => void,
    sample: string,
    bell: Bell,
  ) {
    this.#say = say;
    this.#sample = sample;
    // Where it can't be read, nobody skips a step.
    this.#listen(input, bell).catch(() => {});
  }

  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  play(step: Step, number: number, count: number): Promise<void> {
    this.#gaveUp = false;
    this.#say(`\n${stepText(step, number, count, this.#sample)}`);
    return Promise.resolve();
  }

  recover(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<Finding> {
    this.#say("\nThat was all: end the client.\n");
    return Promise.resolve({ skips: "seen only where the client is driven" });
  }

  async #listen(
    input: ReadableStream<Uint8Array<ArrayBuffer>>,
    bell: Bell,
  ): Promise<void> {
    for await (const _line of lines(input)) {
      this.#gaveUp = true;
      bell.ring();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open: standard input goes with the program.
  }
}
