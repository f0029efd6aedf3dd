import { formatSpan, formatThings } from "../../shared/cli/figures.ts";
import type { Store } from "../store/store.ts";

/** Most messages of one deletion: requests wait meanwhile. */
const MOST_AT_ONCE = 500;
/** Milliseconds between two of them. */
const PAUSE = 20;
/** Milliseconds between two looks at most, and at least. */
const LONGEST_INTERVAL = 3_600_000;
const SHORTEST_INTERVAL = 1000;
/** Looks within the time that a message is kept. */
const LOOKS = 10;

/** Logs what a {@linkcode Retention} does. */
export interface RetentionLog {
  /** Reports how many messages were deleted, after each look that found some. */
  info: (text: string) => void;
  /** Reports a failure; the next look tries again. */
  report: (error: unknown) => void;
}

/**
 * Deletes messages that have waited for longer than the relay keeps them: now,
 * and again and again until it is stopped.
 */
export class Retention {
  readonly #store: Pick<Store, "purge">;
  readonly #keep: number;
  readonly #log: RetentionLog;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #purging: Promise<void>;

  /** @param keep milliseconds that a message is kept */
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

  /** Stops; resolves once no deletion is under way. */
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
