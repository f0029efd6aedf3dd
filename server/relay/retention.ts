/**
 * Deletes messages that have waited for longer than the relay keeps them.
 *
 * @module
 */

import { formatSpan, formatThings } from "../../shared/cli/figures.ts";
import type { Store } from "../store/store.ts";

/** Messages of one deletion, so that what clients ask for needn't wait for long. */
const MOST_AT_ONCE = 500;
/** Milliseconds between two of them. */
const PAUSE = 20;
/** Milliseconds between two looks at most, and at least. */
const LONGEST_INTERVAL = 3_600_000;
const SHORTEST_INTERVAL = 1000;
/** Looks within the time that a message is kept. */
const LOOKS = 10;

/** Hears of what is done. */
export interface RetentionLog {
  /** Is told how many messages went, after each look at which some did. */
  info: (text: string) => void;
  /** Is told of what failed; it is tried again the next time. */
  report: (error: unknown) => void;
}

/** Deletes old messages now, and then again and again until it is stopped. */
export class Retention {
  readonly #store: Pick<Store, "purge">;
  readonly #keep: number;
  readonly #log: RetentionLog;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #purging: Promise<void>;

  /**
   * @param keep milliseconds
   */
  constructor(
    store: Pick<Store, "purge">,
    keep: number,
    log: RetentionLog,
  ) {
    this.#store = store;
    this.#keep = keep;
    this.#log = log;
    this.#purging = this.#purge();
  }

  /** Ends it; resolves once the store isn't asked for anything any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#purging;
  }

  async #purge(): Promise<void> {
    let purged = 0;
    try {
      while (!this.#stopped) {
        const some = await this.#store.purge(this.#keep, MOST_AT_ONCE);
        if (some === 0) break;
        purged += some;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } catch (error) {
      this.#log.report(error);
    }
    if (purged > 0) {
      const what = formatThings(purged, "message");
      this.#log.info(
        `deleted ${what} that had waited for longer than ${
          formatSpan(this.#keep)
        }`,
      );
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
