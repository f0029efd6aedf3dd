import type { Account } from "./connection_limit.ts";

/**
 * A line of items for each address. The addresses are served in turn, so that a
 * long line of one doesn't hold up the others.
 */
export class TurnQueue<T> {
  /** The address that is served next comes first. */
  readonly #lines = new Map<Account, T[]>();

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#lines.size === 0;
  }

  /** Appends an item to its address's line. */
  add(account: Account, item: T): void {
    const line = this.#lines.get(account);
    if (line === undefined) this.#lines.set(account, [item]);
    else line.push(item);
  }

  /** The first item of each line. */
  *heads(): Generator<[Account, T]> {
    for (const [account, [item]] of this.#lines) {
      if (item !== undefined) yield [account, item];
    }
  }

  /**
   * Offers the first item of each line until none is taken.
   *
   * @param take whether the item leaves the queue
   */
  serve(take: (item: T) => boolean): void {
    // A line that is put back comes up again behind all others.
    for (const [account, line] of this.#lines) {
      const [item] = line;
      if (item === undefined || !take(item)) continue;
      line.shift();
      this.#lines.delete(account);
      if (line.length > 0) this.#lines.set(account, line);
    }
  }

  /** Takes the items of one address out that `isGone` tells, and returns them. */
  remove(account: Account, isGone: (item: T) => boolean): T[] {
    const line = this.#lines.get(account) ?? [];
    const left = line.filter((item) => !isGone(item));
    if (left.length > 0) this.#lines.set(account, left);
    else this.#lines.delete(account);
    return line.filter(isGone);
  }
}
