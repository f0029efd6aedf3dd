/**
 * Reads a console that isn't a tty, as on Windows. `Deno.stdin` would give the
 * text in the console's code page, with "?" for what that lacks.
 *
 * @module
 */

const CTRL_C = 0x03;
const NEWLINE = 0x0a;
/** Ends the input at the start of a line, as Ctrl-D does at a tty. */
const CTRL_Z = 0x1a;

/** What gives the text of a console in UTF-8, such as `process.stdin`. */
export interface ConsoleSource {
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
}

/** The input of a console, with Ctrl-C and Ctrl-Z as at a tty. */
export class ConsoleInput {
  /** Whether keys arrive one by one: Ctrl-C as a key, and not as a signal. */
  isRaw = false;
  /** The text in UTF-8. The source is opened with the first read. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #end: () => void;
  readonly #listeners = new Set<() => void>();
  #isLineStart = true;
  #isOver = false;

  /** @param end ends the program on Ctrl-C without a listener */
  constructor(end: () => void, open: () => Promise<ConsoleSource>) {
    this.#end = end;
    let isOpen = false;
    this.readable = new ReadableStream({
      pull: async (controller) => {
        if (isOpen) return;
        isOpen = true;
        const source = await open();
        source.on("data", (bytes) => this.#receive(bytes, controller));
        source.on("end", () => this.#close(controller));
      },
    }, { highWaterMark: 0 });
  }

  /** Listens for Ctrl-C among single keys; returns a function that removes the listener. */
  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #receive(
    bytes: Uint8Array,
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): void {
    if (this.#isOver) return;
    if (this.isRaw) {
      if (bytes.includes(CTRL_C)) this.#interrupt();
    } else if (this.#isLineStart && bytes[0] === CTRL_Z) {
      return this.#close(controller);
    }
    this.#isLineStart = bytes.at(-1) === NEWLINE;
    const rest = bytes.filter((byte) => byte !== CTRL_C);
    if (rest.length > 0) controller.enqueue(rest);
  }

  #close(controller: ReadableStreamDefaultController): void {
    if (!this.#isOver) controller.close();
    this.#isOver = true;
  }

  #interrupt(): void {
    if (this.#listeners.size === 0) this.#end();
    for (const listener of [...this.#listeners]) listener();
  }
}
