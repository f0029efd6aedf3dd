/**
 * The terminal's modes that Ink doesn't know, and the way back to what was
 * before, whatever ends the program.
 *
 * @module
 */

import process from "node:process";

// Says when it is looked at (1004). Doesn't wrap (7): a row that a terminal
// finds wider than we do must not push others away.
const ENTER = "\x1b[?1004h\x1b[?7l";
const LEAVE = "\x1b[?1004l\x1b[?7h";
/** Any terminal answers that it is well. */
const ASK_STATUS = "\x1b[5n";
/** Milliseconds that it gets to answer. */
const MOST_PATIENCE = 200;
/** Milliseconds after which the system has stopped a program, or told it that it goes on. */
const STOP_PAUSE = 30;
/** What Ink sets, for when it can't take it back: paste, cursor, frame, screen. */
const LEAVE_INK = "\x1b[?2004l\x1b[?2026l\x1b[?25h\x1b[?1049l";
/** What shells answer for a program that a signal ended. */
const SIGNALS: Readonly<Record<string, number>> = Deno.build.os === "windows"
  ? { SIGINT: 130, SIGBREAK: 149 }
  : { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

// Stops process $1, or lets it go on, if it is in the process group that this runs in.
const SIGNAL_IN_GROUP = `group=$(ps -o pgid= -p $$) && [ -n "$group" ] &&
[ "$group" = "$(ps -o pgid= -p "$1")" ] && kill -s "$2" "$1"`;

/**
 * Sends the parent process a signal if it belongs to the same job. `deno task`
 * handles SIGTSTP and would keep the terminal, so only SIGSTOP stops it.
 *
 * @returns whether the signal was sent
 */
async function signalTaskRunner(signal: "STOP" | "CONT"): Promise<boolean> {
  const command = "sh";
  const { state } = Deno.permissions.querySync({ name: "run", command });
  if (state !== "granted") return false;
  const { success } = await new Deno.Command(command, {
    args: ["-c", SIGNAL_IN_GROUP, command, `${process.ppid}`, signal],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

function stopJob(): void {
  try {
    process.kill(0, "SIGTSTP");
  } catch (error) {
    // To others no signal is allowed without --allow-run.
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    process.kill(process.pid, "SIGTSTP");
  }
}

/** Holds the terminal while it is disposed of. */
export class TerminalGuard implements Disposable {
  readonly #undo: (() => void)[] = [];
  readonly #heard: (chunk: unknown) => void;
  readonly #stopAsked: () => void;
  #isLent = false;
  #released = false;

  /**
   * Takes the terminal over.
   *
   * @param leave is called with an exit code when a signal comes
   * @param fail is called with what was thrown and not caught
   * @param focus is told whether the terminal is looked at
   * @param isHangupIgnored whether SIGHUP stays without an effect
   * @param stop is called when the program is to stop (SIGTSTP)
   * @param resume is called when it goes on, whatever stopped it (SIGCONT)
   */
  constructor(
    { leave, fail, focus, isHangupIgnored, stop, resume }: {
      leave: (code: number) => void;
      fail: (error: unknown) => void;
      focus: (focused: boolean) => void;
      isHangupIgnored: boolean;
      stop: () => void;
      resume: () => void;
    },
  ) {
    // By Node's way, since Ink then leaves signals to us.
    for (const [signal, code] of Object.entries(SIGNALS)) {
      const listener = () => {
        // Without a listener the runtime would end the program all the same.
        if (isHangupIgnored && signal === "SIGHUP") return;
        leave(code);
      };
      process.on(signal, listener);
      this.#undo.push(() => process.off(signal, listener));
    }
    this.#stopAsked = stop;
    if (Deno.build.os !== "windows") {
      process.on("SIGTSTP", stop);
      process.on("SIGCONT", resume);
      this.#undo.push(() => {
        process.off("SIGTSTP", stop);
        process.off("SIGCONT", resume);
      });
    }
    this.#on("error", (event) => fail((event as ErrorEvent).error));
    this.#on(
      "unhandledrejection",
      (event) => fail((event as PromiseRejectionEvent).reason),
    );
    // The last way out: somebody calls Deno.exit().
    this.#on("unload", () => this.abandon());
    this.#heard = (chunk) => {
      // What is pasted comes here, too, and may be long.
      const text = String(chunk);
      const [gained, lost] = ["I", "O"].map((end) =>
        text.lastIndexOf(`\x1b[${end}`)
      );
      if (gained !== lost) focus((gained ?? 0) > (lost ?? 0));
    };
    this.enter();
  }

  /** Whether another program has the terminal. */
  get isLent(): boolean {
    return this.#isLent;
  }

  /** Sets the modes, at first and after another program had the terminal. */
  enter(): void {
    process.stdin.on("data", this.#heard);
    process.stdout.write(ENTER);
  }

  /** Takes the modes back. */
  leave(): void {
    process.stdin.off("data", this.#heard);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }

  /**
   * Lets another program have the terminal. A read that is under way can't be
   * taken back and would swallow what is typed for the other one, so the
   * terminal is asked for something that ends it.
   */
  async lend(work: () => Promise<void>): Promise<void> {
    this.#isLent = true;
    this.leave();
    try {
      process.stdin.setRawMode(true);
      process.stdout.write(ASK_STATUS);
      const patience = performance.now() + MOST_PATIENCE;
      while (
        process.stdin.readableLength === 0 && performance.now() < patience
      ) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      process.stdin.setRawMode(false);
      await work();
    } finally {
      this.#isLent = false;
      this.enter();
    }
  }

  /**
   * Stops the program until it is continued, and with it those that the shell
   * started together with it. To be called while the terminal is lent.
   */
  async stop(): Promise<void> {
    process.off("SIGTSTP", this.#stopAsked);
    const isTask = await signalTaskRunner("STOP");
    try {
      stopJob();
      // Where no shell could continue it, the system doesn't stop it. The signal
      // that continues it comes while the terminal is lent, and asks for nothing.
      for (let pause = 0; pause < 2; pause++) {
        await new Promise((resolve) => setTimeout(resolve, STOP_PAUSE));
      }
    } finally {
      if (isTask) await signalTaskRunner("CONT");
      if (!this.#released) process.on("SIGTSTP", this.#stopAsked);
    }
  }

  /** Takes everything back at once, also what Ink has set. */
  abandon(): void {
    if (this.#released) return;
    this.#released = true;
    try {
      Deno.stdout.writeSync(new TextEncoder().encode(LEAVE + LEAVE_INK));
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone.
    }
  }

  /** Takes the modes back for good. */
  [Symbol.dispose](): void {
    for (const undo of this.#undo.splice(0)) undo();
    if (this.#released) return;
    this.#released = true;
    try {
      this.leave();
    } catch {
      // The terminal is gone.
    }
  }

  #on(type: string, handle: (event: Event) => void): void {
    const listener = (event: Event) => {
      event.preventDefault();
      handle(event);
    };
    globalThis.addEventListener(type, listener);
    this.#undo.push(() => globalThis.removeEventListener(type, listener));
  }
}
