import { inTime } from "../../../shared/cli/in_time.ts";

/** Tells whoever waits that something has changed. */
export class Bell {
  #next = Promise.withResolvers<true>();

  /** Something has changed. */
  ring(): void {
    this.#next.resolve(true);
    this.#next = Promise.withResolvers();
  }

  /** Waits for a change, `ms` milliseconds at most; false where none came. */
  async heard(ms: number): Promise<boolean> {
    return await inTime<true, false>(this.#next.promise, ms, false);
  }
}
