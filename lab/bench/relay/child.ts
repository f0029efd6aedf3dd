/**
 * Processes of a bench. Each reads commands from its standard input, one per
 * line: a word, optionally followed by an argument in JSON. It writes one line
 * of JSON per command.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { inTime } from "../../../shared/cli/time.ts";
import { lines } from "../../../shared/cli/lines.ts";
import { Program } from "../../harness/program.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";

/** A process of the bench. */
export class Child implements AsyncDisposable {
  readonly #name: string;
  readonly #program: Program;

  private constructor(name: string, program: Program) {
    this.#name = name;
    this.#program = program;
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
    const words = ["run", "--no-prompt", ...permissions, path, ...args];
    return new Child(module, Program.withInput(Deno.execPath(), words));
  }

  /**
   * Gives a command and waits for its response.
   *
   * @param patience milliseconds for which it waits; the process is ended where
   * nothing comes by then. Default: no end
   * @throws {Error} where it failed, nothing came, or the process ended
   */
  async ask<T>(
    word: string,
    argument?: unknown,
    patience?: number,
  ): Promise<T> {
    const text = argument === undefined ? "" : ` ${JSON.stringify(argument)}`;
    await this.#program.type(`${word}${text}\n`);
    const responding = this.#program.next(/^.*\n/);
    const response = patience === undefined
      ? await responding
      : await inTime(responding, patience, undefined);
    if (response === undefined) {
      // It may have no time left to end by itself.
      this.#program.kill("SIGKILL");
      // The process's end; what is thrown here tells more.
      await responding.catch(() => {});
      throw new Error(
        `${this.#name}, ${word}: no response within ${patience} ms`,
      );
    }
    const [line] = response;
    const told: T | { error: string } | null = JSON.parse(line);
    if (typeof told === "object" && told !== null && "error" in told) {
      throw new Error(`${this.#name}, ${word}: ${told.error}`);
    }
    return told as T;
  }

  /** Ends its input, waits until it has ended itself, and shows its complaints. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.endInput();
    const { stderr } = await this.#program.end();
    if (stderr !== "") console.error(stderr.trimEnd());
  }
}

/** What a process can be asked for, by word. */
export type Commands = Readonly<
  Record<string, (argument: unknown) => unknown>
>;

/** What a process has used so far. */
export interface Usage {
  /** Resident memory in bytes. */
  rss: number;
  /** Time on the processors in milliseconds, of all threads. */
  cpu: number;
}

/** What this process has used so far. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { rss: Deno.memoryUsage().rss, cpu: (user + system) / 1000 };
}

/**
 * Runs commands until the end of the input. The response to one that throws is
 * `{"error": …}`.
 */
export async function serveCommands(commands: Commands): Promise<void> {
  for await (const line of lines(Deno.stdin.readable)) {
    console.log(JSON.stringify(await respond(commands, line)));
  }
}

async function respond(commands: Commands, line: string): Promise<unknown> {
  const [word = "", ...rest] = line.split(" ");
  try {
    const command = commands[word];
    if (command === undefined) {
      const known = Object.keys(commands).join(", ");
      throw new RangeError(`Expected one of ${known}, got "${word}"`);
    }
    const argument = rest.join(" ");
    const parsed: unknown = argument === "" ? undefined : JSON.parse(argument);
    return await command(parsed) ?? null;
  } catch (error) {
    return { error: reasonOf(error) };
  }
}
