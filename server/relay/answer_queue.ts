import { concat } from "@std/bytes";

/** Answers that a client may have coming to it before more of its requests are read. */
const MOST_WAITING = 256;

/**
 * Answers in the order of their requests, each written once it and all before
 * it are there; those that are there together go out in one write.
 */
export class AnswerQueue {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #slots: { bytes: Uint8Array | undefined }[] = [];
  #writing = false;
  #failure: { error: unknown } | undefined;
  #waiting: (() => void)[] = [];

  /** @param write writes all of the bytes, or throws */
  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** Whether nothing is left to write. */
  get empty(): boolean {
    return this.#slots.length === 0 && !this.#writing;
  }

  /** Whether there is no room for another answer. */
  get full(): boolean {
    return this.#slots.length >= MOST_WAITING;
  }

  /** Appends an answer that will be there later; it doesn't reject. */
  add(answer: Promise<Uint8Array>): void {
    const slot: { bytes: Uint8Array | undefined } = { bytes: undefined };
    this.#slots.push(slot);
    answer.then((bytes) => {
      slot.bytes = bytes;
      // Once all that came in together have their bytes.
      queueMicrotask(() => this.#writeReady());
    });
  }

  /** Resolves once there is room for another answer. @throws what a write threw */
  async room(): Promise<void> {
    await this.#until(() => !this.full);
  }

  /** Resolves once everything is written. @throws what a write threw */
  async drained(): Promise<void> {
    await this.#until(() => this.empty);
  }

  async #until(holds: () => boolean): Promise<void> {
    while (this.#failure === undefined && !holds()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #writeReady(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      for (;;) {
        const ready: Uint8Array[] = [];
        for (let slot; (slot = this.#slots[ready.length])?.bytes;) {
          ready.push(slot.bytes);
        }
        if (ready.length === 0) break;
        this.#slots.splice(0, ready.length);
        if (this.#failure !== undefined) continue;
        const [first] = ready;
        await this.#write(
          ready.length === 1 && first ? first : concat(ready),
        );
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#writing = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }
}
