import { reasonOf } from "../../shared/cli/reason.ts";
import type { RelayLog } from "./log.ts";

/** Milliseconds until the same failure is printed again. */
const REPEAT_DELAY = 10_000;

/**
 * Prints what failed, by its kind: no client and no content is in it. What
 * fails again and again, as on a full disk, is printed once in a while.
 */
export class FailurePrinter {
  readonly #log: Pick<RelayLog, "error">;
  readonly #printed = new Map<string, { at: number; since: number }>();

  /** Prints into a log. */
  constructor(log: Pick<RelayLog, "error">) {
    this.#log = log;
  }

  /** Prints a failure, unless it was printed lately. */
  print(error: unknown): void {
    const reason = reasonOf(error);
    const now = performance.now();
    const last = this.#printed.get(reason);
    if (last !== undefined && now - last.at < REPEAT_DELAY) {
      last.since++;
      return;
    }
    const more = last?.since ? ` (${last.since} more times since)` : "";
    this.#log.error(`${reason}${more}`);
    this.#printed.set(reason, { at: now, since: 0 });
  }
}
