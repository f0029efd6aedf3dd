/** Nothing moved for too long. */
export class Stalled extends Error {
  override message = "it doesn't answer";
}

/** Closes a connection on which nothing moves any more. */
export class StallWatch implements Disposable {
  readonly #timeout: number;
  readonly #close: () => void;
  #timer: ReturnType<typeof setTimeout>;
  #lastMove = performance.now();
  #stalled = false;

  /**
   * @param timeout milliseconds without a byte, in either direction
   * @param close interrupts what waits for the connection
   */
  constructor(timeout: number, close: () => void) {
    this.#timeout = timeout;
    this.#close = close;
    this.#timer = setTimeout(() => this.#look(), timeout);
  }

  /** Whether it has closed the connection. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Something has moved. */
  moved(): void {
    this.#lastMove = performance.now();
  }

  #look(): void {
    const left = this.#lastMove + this.#timeout - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#look(), left);
      return;
    }
    this.#stalled = true;
    this.#close();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
