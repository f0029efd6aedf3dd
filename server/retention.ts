/**
 * Deletes messages that have waited for longer than the relay keeps them.
 *
 * @module
 */

import type { Store } from "./store/store.ts";

/** Messages of one deletion, so that what clients ask for needn't wait for long. */
const MOST_AT_ONCE = 500;
/** Milliseconds between two of them. */
const PAUSE = 20;
/** Milliseconds between two looks at most, and at least. */
const LONGEST_INTERVAL = 3_600_000;
const SHORTEST_INTERVAL = 1000;
/** Looks within the time that a message is kept. */
const LOOKS = 10;

/** Deletes old messages now, and then again and again until it is stopped. */
export class Retention {
  readonly #store: Pick<Store, "purge">;
  readonly #keep: number;
  readonly #report: (error: unknown) => void;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #purging: Promise<void>;

  /**
   * @param keep milliseconds
   * @param report is told of what failed; it is tried again the next time
   */
  constructor(
    store: Pick<Store, "purge">,
    keep: number,
    report: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#keep = keep;
    this.#report = report;
    this.#purging = this.#purge();
  }

  /** Ends it; resolves once the store isn't asked for anything any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#purging;
  }

  async #purge(): Promise<void> {
    try {
      const before = new Date(Date.now() - this.#keep);
      while (
        !this.#stopped && await this.#store.purge(before, MOST_AT_ONCE) > 0
      ) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } catch (error) {
      this.#report(error);
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#purging = this.#purge();
    }, intervalOf(this.#keep));
  }
}

/** Milliseconds between two looks. */
function intervalOf(keep: number): number {
  return Math.min(
    Math.max(keep / LOOKS, SHORTEST_INTERVAL),
    LONGEST_INTERVAL,
  );
}
