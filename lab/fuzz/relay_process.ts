/**
 * The relay's program as a child process. A process of its own, since only
 * there its memory, its messages and its death are its own, and a relay that
 * hangs can't hang what watches it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { lines } from "../../shared/cli/lines.ts";
import { relayArguments } from "../harness/program.ts";
import { FuzzFailure } from "./failure.ts";
import { PATIENCE } from "./link.ts";

/** What the process last told about itself. */
export interface Watch {
  /** Resident memory, in bytes. */
  rss: number;
  /** Connections that it has accepted so far. */
  accepted: number;
  /** Connections that it hasn't closed. */
  open: number;
}

/** Milliseconds that a start may take: a busy machine, not the relay, decides it. */
const START = 60_000;
const WATCH = fileURLToPath(new URL("relay_watch.ts", import.meta.url));

/** A relay that runs. */
export class RelayProcess {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  #port = 0;
  #watch: Watch = { rss: 0, accepted: 0, open: 0 };
  #mostRss = 0;
  #stderr = "";
  #ended = false;
  #changed = Promise.withResolvers<void>();

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#output = Promise.all([
      each(child.stdout, (line) => this.#told(line)),
      each(child.stderr, (line) => this.#stderr += `${line}\n`),
      child.status.then(() => {
        this.#ended = true;
        this.#change();
      }),
    ]);
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
    const relay = new RelayProcess(
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--preload", WATCH],
          ...relayArguments(dir, ["--port", "0", ...flags]).slice(1),
        ],
        env: { NO_COLOR: "1" },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    try {
      await relay.until("a relay that listens", () => relay.#port > 0, START);
    } catch (error) {
      await relay.kill();
      throw error;
    }
    return relay;
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  /** What it last told. */
  get watch(): Watch {
    return this.#watch;
  }

  /** The most memory that it told of, in bytes. */
  get mostRss(): number {
    return this.#mostRss;
  }

  /** @throws {FuzzFailure} unless it lives and has complained of nothing */
  checkHealth(): void {
    if (this.#ended) {
      throw new FuzzFailure("a relay that lives", `its end: ${this.#stderr}`);
    }
    if (this.#stderr !== "") {
      throw new FuzzFailure("nothing on stderr", this.#stderr);
    }
  }

  /**
   * Waits for something that its output tells.
   *
   * @param patience milliseconds
   * @throws {FuzzFailure} where it doesn't come, or the relay ends before
   */
  async until(
    what: string,
    holds: () => boolean,
    patience: number = PATIENCE,
  ): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#change();
    }, patience);
    try {
      while (!holds()) {
        if (this.#ended || late) {
          throw new FuzzFailure(
            what,
            `${late ? "nothing" : "its end"}; ${
              JSON.stringify(this.#watch)
            } ${this.#stderr}`,
          );
        }
        await this.#changed.promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Stops it in good order.
   *
   * @throws {FuzzFailure} where it exits otherwise than with 0 and in silence
   */
  async stop(): Promise<void> {
    this.checkHealth();
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
    await this.#output;
    clearTimeout(timer);
    const { code, signal } = await this.#child.status;
    if (code !== 0 || this.#stderr !== "") {
      throw new FuzzFailure(
        "exit 0 and nothing on stderr",
        `${signal ?? code} ${this.#stderr}`,
      );
    }
  }

  /** Kills it, as a power failure would, and waits for its end. */
  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.#output;
  }

  #told(line: string): void {
    const [word, ...rest] = line.split(" ");
    if (word === "listening") this.#port = Number(line.split(":").at(-1));
    if (word === "watch") {
      const [rss = 0, accepted = 0, open = 0] = rest.map(Number);
      this.#watch = { rss, accepted, open };
      this.#mostRss = Math.max(this.#mostRss, rss);
    }
    this.#change();
  }

  #change(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

async function each(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
  told: (line: string) => void,
): Promise<void> {
  for await (const line of lines(output)) told(line);
}
