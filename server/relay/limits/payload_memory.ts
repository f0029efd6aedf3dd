import type { Account } from "./connection_limit.ts";
import { TurnQueue } from "./turn_queue.ts";

interface Wait {
  readonly size: number;
  readonly resolve: () => void;
}

/**
 * Memory for requests that the store works on. What is held comes back without
 * a client's doing, so that a wait is short; the addresses take turns.
 */
export class PayloadMemory {
  readonly #limit: number;
  readonly #waits = new TurnQueue<Wait>();
  #used = 0;

  /** @param limit bytes; a single larger need is met while there is no other */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are reserved. */
  get used(): number {
    return this.#used;
  }

  /**
   * Reserves bytes.
   *
   * @returns undefined where there is room at once; else resolves once it is
   * the address's turn and there is room
   */
  reserve(account: Account, size: number): Promise<void> | undefined {
    if (!this.#waits.empty || !this.#fits(size)) {
      return new Promise((resolve) =>
        this.#waits.add(account, { size, resolve })
      );
    }
    this.#used += size;
    return undefined;
  }

  /** Gives bytes back. */
  release(size: number): void {
    this.#used -= size;
    if (this.#waits.empty) return;
    let room = true;
    this.#waits.serve(({ size, resolve }) => {
      // A smaller need behind it would keep a larger one waiting for ever.
      room &&= this.#fits(size);
      if (!room) return false;
      this.#used += size;
      resolve();
      return true;
    });
  }

  #fits(size: number): boolean {
    return this.#used === 0 || this.#used + size <= this.#limit;
  }
}
