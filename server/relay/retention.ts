import { formatSpan, formatThings } from "../../shared/cli/figures.ts";
import type { Store } from "../store/store.ts";

/** Most messages of one deletion: requests wait meanwhile. */
const MOST_AT_ONCE = 500;
/** Milliseconds between two of them. */
const PAUSE = 20;
/** Milliseconds between two looks at most, and at least. */
const LONGEST_INTERVAL = 60_000;
const SHORTEST_INTERVAL = 1000;
/** Looks within the time that a message is kept. */
const LOOKS = 10;

/** For how long a relay keeps what isn't taken, in milliseconds. */
export interface Retention {
  /** Messages in inboxes; undefined: for ever. */
  inboxes: number | undefined;
  /** Messages in mailboxes at most, and what became of sendings. */
  mailboxes: number;
}

/**
 * Deletes messages that have waited for longer than the relay keeps them: now,
 * and again and again until it is stopped.
 *
 * @param info reports how many messages of inboxes were deleted, after each look
 * that found some
 * @param report reports a failure; the next look tries again
 * @returns stops it; resolves once no deletion is under way
 */
export function startRetention(
  store: Pick<Store, "purge" | "secure">,
  { inboxes, mailboxes }: Retention,
  info: (text: string) => void,
  report: (error: unknown) => void,
): () => Promise<void> {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const interval = Math.min(
    Math.max(
      Math.min(inboxes ?? Infinity, mailboxes) / LOOKS,
      SHORTEST_INTERVAL,
    ),
    LONGEST_INTERVAL,
  );
  /** Repeats a deletion until it finds nothing; returns how many it found. */
  const deleteAll = async (deletion: () => Promise<number>) => {
    let deleted = 0;
    try {
      while (!isStopped) {
        const some = await deletion();
        if (some === 0) break;
        deleted += some;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } catch (error) {
      report(error);
    }
    return deleted;
  };
  const look = async () => {
    if (inboxes !== undefined) {
      const purged = await deleteAll(() => store.purge(inboxes, MOST_AT_ONCE));
      if (purged > 0) {
        info(
          `deleted ${
            formatThings(purged, "message")
          } that had waited for longer than ${formatSpan(inboxes)}`,
        );
      }
    }
    await deleteAll(() =>
      store.secure.expire(mailboxes, MOST_AT_ONCE, new Date())
    );
    if (!isStopped) timer = setTimeout(() => looking = look(), interval);
  };
  let looking = look();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await looking;
  };
}
