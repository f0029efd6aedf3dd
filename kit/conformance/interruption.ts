import { stopCodes } from "../../shared/cli/stopping.ts";

/** Milliseconds after which a further signal ends the program at once. */
const PATIENCE = 1000;

/** The wish that a run ends, by Ctrl-C, SIGTERM or the end of the terminal. */
export class Interruption {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;

  /** Listens from now on. */
  constructor() {
    for (const [name, code] of Object.entries(stopCodes)) {
      Deno.addSignalListener(name as Deno.Signal, () => this.#stop(code));
    }
  }

  /** Is aborted with the first signal: what is under way ends, and leaves nothing behind. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code where there was a signal. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  #stop(code: number): void {
    if (this.signal.aborted) return;
    this.#exitCode = code;
    this.#controller.abort();
    // Whoever asks twice in a row has asked once.
    const timer = setTimeout(() => {
      for (const [name, code] of Object.entries(stopCodes)) {
        Deno.addSignalListener(name as Deno.Signal, () => Deno.exit(code));
      }
    }, PATIENCE);
    Deno.unrefTimer(timer);
  }
}
