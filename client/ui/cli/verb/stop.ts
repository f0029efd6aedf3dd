import { stopCodes } from "../../../../shared/cli/stopping.ts";
import type { Io } from "./io.ts";

/** Stops a continuous verb on a signal. A second signal ends the program. */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #exitCode = 0;

  /** @param isHangupIgnored whether to ignore SIGHUP */
  constructor(io: Io, isHangupIgnored: boolean) {
    for (const [name, code] of Object.entries(stopCodes)) {
      const removeListener = io.onSignal(name as Deno.Signal, () => {
        // Without a listener the runtime would end the program.
        if (isHangupIgnored && name === "SIGHUP") return;
        if (this.wanted) io.exit(code);
        this.#exitCode = code;
        this.#controller.abort();
      });
      this.#listeners.push(removeListener);
    }
  }

  /** Whether a signal has come. */
  get wanted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The exit code of the signal; 0 without one. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Awaits a step, but no longer than until a signal; resolves to whether the step was done. */
  async unless(step: Promise<unknown>): Promise<boolean> {
    const { signal } = this.#controller;
    if (signal.aborted) {
      step.catch(() => {});
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const abort = () => resolve(false);
    signal.addEventListener("abort", abort);
    try {
      return await Promise.race([step.then(() => true), promise]);
    } finally {
      signal.removeEventListener("abort", abort);
      // May have no awaiter any more; avoids an unhandled rejection.
      step.catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    this.#listeners.forEach((remove) => remove());
  }
}
