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

/**
 * Deletes messages that have waited for longer than the relay keeps them: now,
 * and again and again until it is stopped.
 *
 * @param keep milliseconds that a message is kept
 * @param info reports how many messages were deleted, after each look that found some
 * @param report reports a failure; the next look tries again
 * @returns stops it; resolves once no deletion is under way
 */
export function startRetention(
  store: Pick<Store, "purge">,
  keep: number,
  info: (text: string) => void,
  report: (error: unknown) => void,
): () => Promise<void> {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const interval = Math.min(
    Math.max(keep / LOOKS, SHORTEST_INTERVAL),
    LONGEST_INTERVAL,
  );
  const purge = async () => {
    let purged = 0;
    try {
      while (!isStopped) {
        const some = await store.purge(keep, MOST_AT_ONCE);
        if (some === 0) break;
        purged += some;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } catch (error) {
      report(error);
    }
    if (purged > 0) {
      info(
        `deleted ${
          formatThings(purged, "message")
        } that had waited for longer than ${formatSpan(keep)}`,
      );
    }
    if (!isStopped) timer = setTimeout(() => purging = purge(), interval);
  };
  let purging = purge();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await purging;
  };
}
