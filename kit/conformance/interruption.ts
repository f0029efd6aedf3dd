import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";

/** Milliseconds after which a second signal ends the program at once. */
const PATIENCE = 1000;

/** Ends a run on a signal that stops a program in good order. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #codes: readonly [Deno.Signal, number][];
  #exitCode: number | undefined;

  constructor({ stopCodes }: Platform = thisPlatform) {
    this.#codes = Object.entries(stopCodes) as [Deno.Signal, number][];
    for (const [name, code] of this.#codes) {
      Deno.addSignalListener(name, () => this.#stop(code));
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
      for (const [name, code] of this.#codes) {
        Deno.addSignalListener(name, () => Deno.exit(code));
      }
    }, PATIENCE);
    Deno.unrefTimer(timer);
  }
}
