/**
 * The relay's program as a child process. A process of its own, since only
 * there its memory, its messages and its death are its own, and a relay that
 * hangs can't hang what watches it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { inTime } from "../../../shared/cli/time.ts";
import { Program, relayArguments } from "../../harness/program.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import { FuzzFailure, PATIENCE } from "../failure.ts";

/** Milliseconds that a start may take: a busy machine, not the relay, decides it. */
const START = 60_000;
/** Milliseconds between two looks at what the process told. */
const PAUSE = 20;
const WATCH = fileURLToPath(new URL("relay_watch.ts", import.meta.url));

/** What a relay complained of, but for the note of the key that it made. */
const withoutNotes = (stderr: string) =>
  stderr.split("\n").filter((line) => !line.startsWith("note: made "))
    .join("\n");

/** A relay that runs. */
export class RelayProcess {
  /** Where it listens. */
  readonly port: number;
  /** What the process last told: resident bytes, connections accepted and open. */
  watch = { rss: 0, accepted: 0, open: 0 };
  /** The most memory that it told of, in bytes. */
  mostRss = 0;
  readonly #program: Program;
  readonly #following: Promise<void>;
  #ended = false;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
    this.#following = this.#follow();
  }

  /**
   * Starts a relay in a folder and waits until it listens.
   *
   * @throws {FuzzFailure} where it doesn't
   */
  static async start(
    dir: string,
    flags: readonly string[],
  ): Promise<RelayProcess> {
    const [run = "run", ...rest] = relayArguments(dir, [
      "--port",
      "0",
      ...flags,
    ]);
    const program = Program.deno([run, "--preload", WATCH, ...rest]);
    const address = await inTime(
      program.address().catch(() => undefined),
      START,
      undefined,
    );
    if (address !== undefined) return new RelayProcess(program, address.port);
    await program[Symbol.asyncDispose]();
    throw new FuzzFailure("a relay that listens", program.complained);
  }

  /** Its secure port and key. */
  secureLine(): Promise<RelayLine> {
    return this.#program.secureLine();
  }

  /** @throws {FuzzFailure} unless it lives and has complained of nothing */
  checkHealth(): void {
    if (this.#ended) {
      const end = `its end: ${this.#program.complained}`;
      throw new FuzzFailure("a relay that lives", end);
    }
    const complaints = withoutNotes(this.#program.complained);
    if (complaints !== "") {
      throw new FuzzFailure("nothing on stderr", complaints);
    }
  }

  /**
   * Waits for something that its output tells.
   *
   * @throws {FuzzFailure} where it doesn't come, or the relay ends before
   */
  async until(what: string, holds: () => boolean): Promise<void> {
    const end = performance.now() + PATIENCE;
    while (!holds()) {
      if (this.#ended || performance.now() > end) {
        throw new FuzzFailure(
          what,
          `${this.#ended ? "its end" : "nothing"}; ${
            JSON.stringify(this.watch)
          } ${this.#program.complained}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /**
   * Stops it in good order.
   *
   * @throws {FuzzFailure} where it exits otherwise than with 0 and in silence
   */
  async stop(): Promise<void> {
    this.checkHealth();
    this.#program.kill("SIGTERM");
    const timer = setTimeout(() => this.#program.kill("SIGKILL"), PATIENCE);
    await this.#following;
    const { code, stderr } = await this.#program.end();
    clearTimeout(timer);
    if (code !== 0 || withoutNotes(stderr) !== "") {
      throw new FuzzFailure(
        "exit 0 and nothing on stderr",
        `${code} ${stderr}`,
      );
    }
  }

  /** Kills it, as a power failure would, and waits for its end. */
  async kill(): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.#following;
  }

  /** Notes what the process tells, until it ends. */
  async #follow(): Promise<void> {
    try {
      for (;;) {
        const [, ...told] = await this.#program.next(
          /^watch (\d+) (\d+) (\d+)\n/m,
        );
        const [rss = 0, accepted = 0, open = 0] = told.map(Number);
        this.watch = { rss, accepted, open };
        this.mostRss = Math.max(this.mostRss, rss);
      }
    } catch {
      // Nothing is printed any more.
      this.#ended = true;
    }
  }
}
