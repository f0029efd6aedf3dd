import { stopCodes } from "../../shared/cli/stopping.ts";

/** Milliseconds after which a second signal ends the program at once. */
const PATIENCE = 1000;

/** Ends a run on SIGINT, SIGTERM or SIGHUP. */
export class Interruption {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;

  constructor() {
    for (const [name, code] of Object.entries(stopCodes)) {
      Deno.addSignalListener(name as Deno.Signal, () => this.#stop(code));
    }
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code after a signal. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  #stop(code: number): void {
    if (this.signal.aborted) return;
    this.#exitCode = code;
    this.#controller.abort();
    // Signals in quick succession count once.
    const timer = setTimeout(() => {
      for (const [name, code] of Object.entries(stopCodes)) {
        Deno.addSignalListener(name as Deno.Signal, () => Deno.exit(code));
      }
    }, PATIENCE);
    Deno.unrefTimer(timer);
  }
}
