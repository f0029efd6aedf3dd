import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  firstIds,
  type IdRun,
  idsAbove,
  isInRuns,
  mergeRuns,
} from "../id_runs.ts";
import { type HandedOut, StoreBrokenError } from "../store.ts";

/** Milliseconds until a deletion that failed is tried again. */
const RETRY_DELAY = 1000;

/** Messages of one further try, so that other commands needn't wait for long. */
const MOST_AT_ONCE = 10_000;

/** Deletions of one inbox that failed. */
interface Inbox {
  recipient: ClientId;
  runs: IdRun[];
}

/**
 * Messages that were taken and aren't deleted yet. On a full disk a deletion
 * fails too: until it succeeds they must not be handed out again, or a client
 * that pulls until nothing is left would never come to an end.
 */
export class Deletions {
  readonly #delete: (recipient: ClientId, taken: HandedOut) => Promise<void>;
  readonly #failed = new Map<string, Inbox>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param execute deletes messages, or throws and deletes none; `bytes` is Infinity where it isn't known */
  constructor(
    execute: (recipient: ClientId, taken: HandedOut) => Promise<void>,
  ) {
    this.#delete = execute;
  }

  /** Whether a message no longer waits. */
  has(recipient: ClientId, id: number): boolean {
    if (this.#failed.size === 0) return false;
    const inbox = this.#failed.get(recipient.toHex());
    return inbox !== undefined && isInRuns(inbox.runs, id);
  }

  /**
   * Deletes messages, now or later.
   *
   * @throws {StoreBrokenError} where there is no later
   */
  async delete(recipient: ClientId, taken: HandedOut): Promise<void> {
    try {
      await this.#delete(recipient, taken);
    } catch (error) {
      if (error instanceof StoreBrokenError) throw error;
      const key = recipient.toHex();
      const inbox = this.#failed.get(key) ?? { recipient, runs: [] };
      inbox.runs = mergeRuns(inbox.runs, taken.runs);
      this.#failed.set(key, inbox);
      this.#timer ??= setTimeout(() => this.#retry(), RETRY_DELAY);
    }
  }

  /** Tries once more what failed; what fails again will be handed out again. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#retry();
    clearTimeout(this.#timer);
  }

  async #retry(): Promise<void> {
    this.#timer = undefined;
    for (const [key, inbox] of [...this.#failed]) {
      while (inbox.runs.length > 0) {
        const runs = firstIds(inbox.runs, MOST_AT_ONCE);
        try {
          await this.#delete(inbox.recipient, { runs, bytes: Infinity });
        } catch (error) {
          // There is no later.
          if (error instanceof StoreBrokenError) return;
          // Where one fails the others would too.
          this.#timer ??= setTimeout(() => this.#retry(), RETRY_DELAY);
          return;
        }
        // Higher ones may have come in meanwhile.
        inbox.runs = idsAbove(inbox.runs, runs.at(-1)?.[1] ?? 0);
      }
      this.#failed.delete(key);
    }
  }
}
