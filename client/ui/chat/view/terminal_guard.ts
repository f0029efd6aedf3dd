/**
 * Sets modes of the terminal that Ink doesn't handle, and restores the terminal
 * however the program ends.
 *
 * @module
 */

import process from "node:process";
import type { Platform } from "../../../../shared/platform/platform.ts";
import { type Press, wheelPresses } from "../input/presses.ts";

/** Reports the wheel and the buttons of the mouse (1000), in numbers (1006). */
const MOUSE = "\x1b[?1000h\x1b[?1006h";
const NO_MOUSE = "\x1b[?1006l\x1b[?1000l";
// The wheel doesn't stand for Up and Down (1007), which would walk the input
// history. Reports focus (1004). Doesn't wrap (7): a row that the terminal takes
// for wider than we do must not move other rows. Saves the title (22).
const ENTER = "\x1b[?1007s\x1b[?1007l\x1b[?1004h\x1b[?7l\x1b[22;0t";
// Sets what most terminals begin with, then what was saved, if it was.
const LEAVE = `${NO_MOUSE}\x1b[?1007h\x1b[?1007r` +
  "\x1b[?1004l\x1b[?7h\x1b]0;\x1b\\\x1b[23;0t";
/** Requests the status, to which any terminal responds. */
const ASK_STATUS = "\x1b[5n";
/** Milliseconds to wait for the response. */
const MOST_PATIENCE = 200;
/** Milliseconds until a stop signal, or the signal to continue, has taken effect. */
const STOP_PAUSE = 30;
/** Resets Ink's modes if Ink can't: paste, cursor, frame, screen. */
const LEAVE_INK = "\x1b[?2004l\x1b[?2026l\x1b[?25h\x1b[?1049l";

// Succeeds if process $1 is in the process group of this script.
const IN_GROUP = `group=$(ps -o pgid= -p $$) && [ -n "$group" ] &&
[ "$group" = "$(ps -o pgid= -p "$1")" ]`;
// Stops the group, and its task runner last: a shell that sees it stopped may
// continue the job at once, and everything else must have stopped by then.
const STOP_JOB = `trap '' TSTP; ${IN_GROUP} && kill -s TSTP 0 &&
kill -s STOP "$1"`;
const CONTINUE_TASK = `${IN_GROUP} && kill -s CONT "$1"`;

/**
 * Runs a script that signals the parent process if it belongs to the same job.
 * `deno task` handles SIGTSTP and would keep the terminal, so only SIGSTOP stops
 * it.
 *
 * @returns whether the signals were sent
 */
async function signalTaskRunner(script: string): Promise<boolean> {
  const command = "sh";
  const { state } = Deno.permissions.querySync({ name: "run", command });
  if (state !== "granted") return false;
  const { success } = await new Deno.Command(command, {
    args: ["-c", script, command, `${process.ppid}`],
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
    // Signals to other processes require --allow-run.
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    process.kill(process.pid, "SIGTSTP");
  }
}

/** Holds the terminal until it is disposed of. */
export class TerminalGuard implements Disposable {
  readonly #undo: (() => void)[] = [];
  readonly #heard: (chunk: unknown) => void;
  readonly #stopAsked: () => void;
  #title = "";
  #mouse: boolean;
  #isLent = false;
  #released = false;

  /**
   * Takes over the terminal.
   *
   * @param leave handles a signal; gets the exit code
   * @param fail handles an uncaught error
   * @param focus handles a change of the focus
   * @param press handles a turn of the mouse wheel
   * @param isHangupIgnored whether to ignore SIGHUP
   * @param platform decides which signals there are
   * @param mouse whether the mouse wheel scrolls
   * @param stop handles SIGTSTP
   * @param resume handles SIGCONT
   */
  constructor(
    {
      leave,
      fail,
      focus,
      press,
      isHangupIgnored,
      platform: { stopCodes, stopsJobs },
      mouse,
      stop,
      resume,
    }: {
      leave: (code: number) => void;
      fail: (error: unknown) => void;
      focus: (focused: boolean) => void;
      press: (press: Press) => void;
      isHangupIgnored: boolean;
      platform: Platform;
      mouse: boolean;
      stop: () => void;
      resume: () => void;
    },
  ) {
    // Restores the terminal on a request for a core dump, too.
    const codes = stopsJobs ? { ...stopCodes, SIGQUIT: 131 } : stopCodes;
    // Ink leaves signals to us if they have listeners of `node:process`.
    for (const [signal, code] of Object.entries(codes)) {
      const listener = () => {
        // The listener keeps the runtime from ending the program.
        if (isHangupIgnored && signal === "SIGHUP") return;
        leave(code);
      };
      process.on(signal, listener);
      this.#undo.push(() => process.off(signal, listener));
    }
    this.#stopAsked = stop;
    this.#mouse = mouse;
    if (stopsJobs) {
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
    // Covers a call of Deno.exit().
    this.#on("unload", () => this.abandon());
    this.#heard = (chunk) => {
      // The chunk may be a long pasted text.
      const text = String(chunk);
      const [gained, lost] = ["I", "O"].map((end) =>
        text.lastIndexOf(`\x1b[${end}`)
      );
      if (gained !== lost) focus((gained ?? 0) > (lost ?? 0));
      for (const turn of wheelPresses(text)) press(turn);
    };
    this.enter();
  }

  /** Whether another program has the terminal. */
  get isLent(): boolean {
    return this.#isLent;
  }

  /** Sets the modes. */
  enter(): void {
    process.stdin.on("data", this.#heard);
    process.stdout.write(ENTER);
    if (this.#mouse) process.stdout.write(MOUSE);
    if (this.#title !== "") this.title(this.#title);
  }

  /** Lets the mouse wheel scroll, or not; returns whether it does. */
  toggleMouse(): boolean {
    this.#mouse = !this.#mouse;
    process.stdout.write(this.#mouse ? MOUSE : NO_MOUSE);
    return this.#mouse;
  }

  /** Sets the title of the window. */
  title(text: string): void {
    this.#title = text;
    if (this.#isLent || this.#released) return;
    process.stdout.write(`\x1b]0;${text}\x1b\\`);
  }

  /** Resets the modes. */
  leave(): void {
    process.stdin.off("data", this.#heard);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }

  /**
   * Lends the terminal to another program. A pending read can't be cancelled and
   * would swallow input for the other program, so a status request ends it.
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
   * Stops the program and the rest of its job until it is continued. The terminal
   * must be lent.
   */
  async stop(): Promise<void> {
    process.off("SIGTSTP", this.#stopAsked);
    const isTask = await signalTaskRunner(STOP_JOB);
    try {
      if (!isTask) stopJob();
      // The system doesn't stop a program that no shell could continue. SIGCONT
      // comes while the terminal is lent and has no effect.
      for (let pause = 0; pause < 2; pause++) {
        await new Promise((resolve) => setTimeout(resolve, STOP_PAUSE));
      }
    } finally {
      if (isTask) await signalTaskRunner(CONTINUE_TASK);
      if (!this.#released) process.on("SIGTSTP", this.#stopAsked);
    }
  }

  /** Resets all modes, including those of Ink. */
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

  /** Resets the modes and removes the listeners. */
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
