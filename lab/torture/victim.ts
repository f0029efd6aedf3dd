import { Program } from "../harness/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Target } from "./link.ts";
import { Violation } from "./violation.ts";

/** Flags of a relay that holds nothing against a load from one address. */
export const NO_LIMITS: readonly string[] = [
  ...["--registrations-per-minute", "0"],
  ...["--max-connections", "0"],
  ...["--max-connections-per-address", "0"],
  ...["--max-waiting", "0"],
  ...["--max-waiting-bytes", "0"],
];

/** The relay's program, on its way to being killed. */
export class Victim implements Target, AsyncDisposable {
  readonly address: { hostname: string; port: number };
  readonly #program: Program;
  #killed = false;

  private constructor(
    program: Program,
    address: { hostname: string; port: number },
  ) {
    this.#program = program;
    this.address = address;
  }

  /**
   * Starts it on a free port of the loopback.
   *
   * @throws {Violation} where it doesn't come to listen, with what it printed
   */
  static async start(dir: string): Promise<Victim> {
    const program = Program.relay(
      dir,
      ...["--port", "0", "--secure-port", "off", ...NO_LIMITS],
    );
    try {
      return new Victim(program, await program.address());
    } catch (cause) {
      throw new Violation(`The relay didn't start: ${reasonOf(cause)}`, {
        cause,
      });
    }
  }

  get killed(): boolean {
    return this.#killed;
  }

  /** Kills it without warning; doing so again does nothing. */
  kill(): void {
    if (this.killed) return;
    this.#killed = true;
    try {
      this.#program.kill("SIGKILL");
    } catch (error) {
      // It ended by itself, which its connections have told already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Asks it to stop in good order. */
  stop(): void {
    this.#program.kill("SIGTERM");
  }

  /** Waits for its end. */
  async end(): Promise<{ code: number; stderr: string }> {
    return await this.#program.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
