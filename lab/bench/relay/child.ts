/**
 * The parent's end of a process that takes commands, see `commands.ts`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { lines } from "../../../shared/cli/lines.ts";

/** A process of the bench. */
export class Child implements AsyncDisposable {
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<string>;
  readonly #lines: AsyncGenerator<string, void, void>;

  private constructor(name: string, process: Deno.ChildProcess) {
    this.#name = name;
    this.#process = process;
    const encoder = new TextEncoderStream();
    encoder.readable.pipeTo(process.stdin).catch(() => {
      // It has ended; the answer that is missing then tells.
    });
    this.#writer = encoder.writable.getWriter();
    this.#lines = lines(process.stdout);
  }

  /**
   * Starts a module of this folder.
   *
   * @param permissions the runtime's flags for what it may do
   */
  static start(
    module: string,
    permissions: readonly string[],
    ...args: string[]
  ): Child {
    const path = fileURLToPath(new URL(module, import.meta.url));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...permissions, path, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    });
    return new Child(module, command.spawn());
  }

  /**
   * Gives a command and waits for its answer.
   *
   * @throws {Error} where it failed, or the process ended
   */
  async ask<T>(word: string, argument?: unknown): Promise<T> {
    const text = argument === undefined ? "" : ` ${JSON.stringify(argument)}`;
    await this.#writer.write(`${word}${text}\n`);
    const { value: line, done } = await this.#lines.next();
    if (done) {
      throw new Error(`Expected an answer to ${word}: ${this.#name} ended`);
    }
    const answer: T | { error: string } | null = JSON.parse(line);
    if (typeof answer === "object" && answer !== null && "error" in answer) {
      throw new Error(`${this.#name}, ${word}: ${answer.error}`);
    }
    return answer as T;
  }

  /** Ends its input and waits until it has ended itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
    await this.#lines.return();
  }
}
