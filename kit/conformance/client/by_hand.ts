/**
 * Prints the steps for a person who uses the client.
 *
 * @module
 */

import { lines } from "../../../shared/cli/lines.ts";
import type { Bell, ClientUser } from "./client_user.ts";
import { stepText } from "./script.ts";
import type { Finding, Step } from "./step.ts";

/** A person who uses the client at another terminal; Enter skips a step. */
export class ByHand implements ClientUser {
  readonly folder = undefined;
  readonly output = undefined;
  readonly ending = undefined;
  readonly stopped = undefined;
  readonly #say: (text: string) => void;
  readonly #sample: string;
  #gaveUp = false;

  /**
   * @param input each line, and the end, skips a step
   * @param say prints a text
   * @param sample the path of the file to send
   */
  constructor(
    input: ReadableStream<Uint8Array<ArrayBuffer>>,
    say: (text: string) => void,
    sample: string,
    bell: Bell,
  ) {
    this.#say = say;
    this.#sample = sample;
    // Without input no step can be skipped.
    this.#listen(input, bell).catch(() => {});
  }

  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  perform(step: Step, number: number, count: number): Promise<void> {
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
