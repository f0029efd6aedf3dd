import { stopCodes } from "../../../../shared/cli/stopping.ts";
import type { Io } from "./io.ts";

/** The wish that something which goes on ends. A second signal ends the program at once. */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #exitCode = 0;

  /**
   * Listens for signals until it is disposed of.
   *
   * @param isHangupIgnored whether SIGHUP stays without an effect
   */
  constructor(io: Io, isHangupIgnored: boolean) {
    for (const [name, code] of Object.entries(stopCodes)) {
      const removeListener = io.onSignal(name as Deno.Signal, () => {
        // Without a listener the runtime would end the program.
        if (isHangupIgnored && name === "SIGHUP") return;
        // A second signal doesn't wait for what is still going on.
        if (this.wanted) io.exit(code);
        this.#exitCode = code;
        this.#controller.abort();
      });
      this.#listeners.push(removeListener);
    }
  }

  /** Whether to end. */
  get wanted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The exit code: 0, or that of the signal. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Settles like the step, but no later than the wish to end; whether the step was done. */
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
      // A step that is left behind must not end the program as unhandled.
      step.catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    this.#listeners.forEach((remove) => remove());
  }
}
