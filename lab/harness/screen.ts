/** A program on a terminal that is emulated: what a user would see of it. */

import { Program } from "./program.ts";

/** Milliseconds after which a test that waits in vain says what it saw. */
const PATIENCE = 120_000;

/** What of the environment would change a screen; CI turns colours off. */
const NOT_OF_A_USER = new Set(["NO_COLOR", "CI", "VISUAL", "EDITOR"]);

// Runs the program, tells its pid, and whether it left the terminal as it was.
// A key that interrupts the program mustn't end this shell.
const WRAPPER = `before=$(stty -g)
trap : INT QUIT
sh -c 'echo "pid $$"; exec "$@"' sh "$@"
echo "ended with $?"
[ "$(stty -g)" = "$before" ] && echo "as it was"`;

/** How large a screen is. */
export interface ScreenSize {
  columns: number;
  rows: number;
}

type Emulator = import("@xterm/headless").Terminal;

/** A screen with a program on it. */
export class Screen implements AsyncDisposable {
  readonly #emulator: Emulator;
  readonly #pty: import("@lydell/node-pty").IPty;
  readonly #ended: Promise<void>;
  #raw = "";
  #title = "";
  #exited = false;
  #changed = Promise.withResolvers<void>();

  private constructor(
    emulator: Emulator,
    pty: import("@lydell/node-pty").IPty,
  ) {
    this.#emulator = emulator;
    this.#pty = pty;
    pty.onData((text) => {
      this.#raw += text;
      emulator.write(text, () => this.#wake());
    });
    emulator.onTitleChange((title) => this.#title = title);
    emulator.onData((answer) => {
      if (!this.#exited) pty.write(answer);
    });
    this.#ended = new Promise((resolve) =>
      pty.onExit(() => {
        this.#exited = true;
        // What the program wrote last is shown before its end counts.
        emulator.write("", () => {
          this.#wake();
          resolve();
        });
      })
    );
  }

  /** Runs a program on a screen of this size. */
  static async run(
    { columns, rows }: ScreenSize,
    command: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Screen> {
    // One of the libraries is native: only tests that may load it do.
    const { spawn } = await import("@lydell/node-pty");
    const { default: headless } = await import("@xterm/headless");
    const { default: unicode } = await import(
      "@xterm/addon-unicode-graphemes"
    );
    const emulator = new headless.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 1000,
    });
    emulator.loadAddon(new unicode.UnicodeGraphemesAddon());
    const inherited = Object.entries(Deno.env.toObject())
      .filter(([name]) => !NOT_OF_A_USER.has(name));
    return new Screen(
      emulator,
      spawn("sh", ["-c", WRAPPER, "sh", ...command], {
        cols: columns,
        rows,
        name: "xterm-256color",
        env: {
          ...Object.fromEntries(inherited),
          TZ: "UTC",
          LANG: "C.UTF-8",
          ...env,
        },
      }),
    );
  }

  /** The rows as they are, without the spaces at their ends. */
  get rows(): string[] {
    const { active } = this.#emulator.buffer;
    return Array.from(
      { length: this.#emulator.rows },
      (_, row) =>
        active.getLine(active.baseY + row)?.translateToString(true) ?? "",
    );
  }

  /** The rows in one text. */
  get text(): string {
    return this.rows.join("\n");
  }

  /** The program's process id; NaN until it has started. */
  get pid(): number {
    return Number(/pid (\d+)/.exec(this.#raw)?.[1]);
  }

  /** The window's title. */
  get title(): string {
    return this.#title;
  }

  /** All that the program wrote. */
  get raw(): string {
    return this.#raw;
  }

  /** The emulator, for what only it knows: modes, cursor, colours. */
  get emulator(): Emulator {
    return this.#emulator;
  }

  /** Types, as a terminal would send it. */
  type(text: string): void {
    this.#pty.write(text);
  }

  /** Pastes, as a terminal does that was asked to mark it. */
  paste(text: string): void {
    this.type(`\x1b[200~${text}\x1b[201~`);
  }

  /** Makes the screen larger or smaller. */
  resize({ columns, rows }: ScreenSize): void {
    this.#emulator.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** Waits until the screen shows this. */
  async see(wanted: string | RegExp): Promise<void> {
    await this.until(
      () =>
        typeof wanted === "string"
          ? this.text.includes(wanted)
          : wanted.test(this.text),
      String(wanted),
    );
  }

  /** Waits until the screen doesn't show this any more. */
  async unsee(unwanted: string): Promise<void> {
    await this.until(() => !this.text.includes(unwanted), `no ${unwanted}`);
  }

  /** Waits until something holds that depends on the screen. */
  async until(holds: () => boolean, what: string): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`Expected ${what}, saw\n${this.text}`)),
        PATIENCE,
      );
    });
    try {
      // Of a frame that is still being drawn nothing can be said.
      while (this.#drawing || !holds()) {
        if (this.#exited) {
          throw new Error(`Expected ${what}, ended with\n${this.text}`);
        }
        await Promise.race([this.#changed.promise, late]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends the program a signal. */
  async signal(
    name: "HUP" | "INT" | "QUIT" | "TERM" | "USR1" | "USR2",
  ): Promise<void> {
    const { code } = await Program.run("sh", [
      "-c",
      `kill -${name} ${this.pid}`,
    ]).end();
    if (code !== 0) throw new Error(`Expected a program with pid ${this.pid}`);
  }

  /** Waits for the end; its exit code, and whether `stty` says the same as before. */
  async end(): Promise<{ code: number; restored: boolean }> {
    await this.until(() => this.#exited, "the program's end")
      .catch((error) => {
        if (!this.#exited) throw error;
      });
    await this.#ended;
    // The last one: a program may have shown such words itself.
    const [, code, rest = ""] = /[^]*ended with (\d+)\r?\n([^]*)$/
      .exec(this.#raw) ?? [];
    return { code: Number(code), restored: rest.includes("as it was") };
  }

  get #drawing(): boolean {
    return !this.#exited && this.#emulator.modes.synchronizedOutputMode;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#exited) {
      await this.signal("TERM");
      await this.end();
    }
    this.#emulator.dispose();
  }
}

/** Cells in which the line beside the contacts stands, row for row. */
export function bars(rows: readonly string[]): Set<number> {
  return new Set(rows.map((row) => row.indexOf("│")).filter((at) => at >= 0));
}
