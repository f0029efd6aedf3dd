/** Drives the real client in a real pseudo-terminal, as somebody typing would. */

import { fileURLToPath } from "node:url";

const CLIENT = fileURLToPath(
  new URL("../../../client/main.ts", import.meta.url),
);
/** Milliseconds after which a test that waits in vain says what it saw. */
const PATIENCE = 120_000;
const PROMPT = "? ";

/** A client at a terminal. */
export class ConsoleClient implements AsyncDisposable {
  readonly #write: (text: string) => void;
  readonly #exited: Promise<number>;
  #raw = "";
  #seen = 0;
  #wake = () => {};

  private constructor(
    write: (text: string) => void,
    exited: Promise<number>,
  ) {
    this.#write = write;
    this.#exited = exited;
  }

  /** Starts a client and waits for its menu. */
  static start(...args: string[]): Promise<ConsoleClient> {
    return ConsoleClient.startIn({}, ...args);
  }

  /** Starts one with further environment variables. */
  static async startIn(
    env: Record<string, string>,
    ...args: string[]
  ): Promise<ConsoleClient> {
    // The library is native: only tests that may load it do.
    const { spawn } = await import("@lydell/node-pty");
    const terminal = spawn(Deno.execPath(), [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      CLIENT,
      ...args,
    ], {
      cols: 200,
      rows: 50,
      name: "xterm",
      env: { ...Deno.env.toObject(), ...env },
    });
    const client = new ConsoleClient(
      (text) => terminal.write(text),
      new Promise((resolve) =>
        terminal.onExit(({ exitCode }) => {
          resolve(exitCode);
          client.#wake();
        })
      ),
    );
    terminal.onData((text) => {
      client.#raw += text;
      client.#wake();
    });
    await client.see(`0) Exit client\n${PROMPT}`);
    return client;
  }

  /** All that was written to the terminal so far. */
  get raw(): string {
    return this.#raw;
  }

  /** All that the terminal showed so far. */
  get output(): string {
    return this.#raw.replaceAll("\r\n", "\n")
      .replaceAll("\x1b[?2004h", "").replaceAll("\x1b[?2004l", "");
  }

  /** Types a line. */
  type(line: string): void {
    this.#write(`${line}\r`);
  }

  /** Pastes a text, and types what follows. */
  paste(text: string, rest = ""): void {
    this.#write(`\x1b[200~${text}\x1b[201~${rest}`);
  }

  /** Types Ctrl-C. */
  interrupt(): void {
    this.#write("\x03");
  }

  /** Types the end of input. */
  end(): void {
    this.#write("\x04");
  }

  /** Waits for text to show; returns what showed up to its end. */
  async see(text: string): Promise<string> {
    const deadline = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const { output } = this;
      const at = output.indexOf(text, this.#seen);
      if (at >= 0) {
        const shown = output.slice(this.#seen, at + text.length);
        this.#seen = at + text.length;
        return shown;
      }
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        deadline.onabort = () =>
          reject(
            new Error(
              `Expected ${JSON.stringify(text)}, saw ${
                JSON.stringify(this.output.slice(this.#seen))
              }`,
            ),
          );
      });
    }
  }

  /**
   * Chooses from the menu and answers its questions, each once its prompt
   * shows; returns what was printed until the menu came back.
   */
  async choose(code: string, ...answers: string[]): Promise<string> {
    this.type(code);
    for (const answer of answers) {
      await this.see(": ");
      this.type(answer);
    }
    const shown = await this.see("MessageU client at your service.\n");
    await this.see(`0) Exit client\n${PROMPT}`);
    return shown;
  }

  /** Resolves to the exit code. */
  exitCode(): Promise<number> {
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Ctrl-C: a signal of our own would need leave to signal any process.
    this.#write("\x03");
    await this.#exited;
  }
}
