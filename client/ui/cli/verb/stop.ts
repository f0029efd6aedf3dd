/** Exit codes of the signals that end what goes on: 128 and the signal's number. */
export const stopCodes: Readonly<Partial<Record<Deno.Signal, number>>> =
  Deno.build.os === "windows"
    ? { SIGINT: 130 }
    : { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** The wish that something which goes on ends. A second signal ends the program at once. */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<Deno.Signal, () => void>();
  #exitCode = 0;

  /**
   * Listens for signals until it is disposed of.
   *
   * @param isHangupIgnored whether SIGHUP stays without an effect
   */
  constructor(isHangupIgnored: boolean) {
    for (const [name, code] of Object.entries(stopCodes)) {
      const signal = name as Deno.Signal;
      const listener = () => {
        // Without a listener the runtime would end the program all the same.
        if (isHangupIgnored && name === "SIGHUP") return;
        // Whoever asks twice doesn't wait for what is still going on.
        if (this.wanted) Deno.exit(code);
        this.#exitCode = code;
        this.#controller.abort();
      };
      Deno.addSignalListener(signal, listener);
      this.#listeners.set(signal, listener);
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
      // What is left behind must not end the program as unhandled.
      step.catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}
