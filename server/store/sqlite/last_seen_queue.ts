import type { LastSeen } from "./writer/commands/update_last_seen.ts";

/** Milliseconds that the oldest update waits until the next command takes all along. */
const DUE = 800;
/** Milliseconds after which updates are written by themselves. */
const OVERDUE = 1000;
/** Updates of one command: it must not hold up the writer. */
const MOST_AT_ONCE = 500;

/**
 * Last-seen updates that aren't written yet. They are written along with other
 * commands, or else by themselves. Those of a whole second go in the order of
 * their rows, so that neighbours share a page and its commit.
 */
export class LastSeenQueue {
  readonly #write: (clients: LastSeen[]) => void;
  /** When clients at these positions were last seen, since the last time that all were due. */
  #waiting = new Map<number, number>();
  /** When the first of them began to wait, on the clock of `performance.now()`. */
  #since = 0;
  /** Updates that are due, by falling positions. */
  #due: LastSeen[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param write writes updates that are due; what fails is lost */
  constructor(write: (clients: LastSeen[]) => void) {
    this.#write = write;
  }

  /** Notes when the client at a position was seen. */
  add(position: number, at: number): void {
    if (this.#waiting.size === 0) this.#since = performance.now();
    this.#waiting.set(position, at);
    this.#timer ??= setTimeout(() => this.#writeOverdue(), OVERDUE);
  }

  /** Writes some that are due, along with another command. */
  writeDue(): void {
    if (this.#due.length === 0) this.#collect(DUE);
    this.#writeSome();
  }

  /** Writes all of them. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writeAll(0);
  }

  #writeOverdue(): void {
    this.#writeAll(DUE);
    this.#timer = this.#waiting.size === 0 ? undefined : setTimeout(
      () => this.#writeOverdue(),
      this.#since + OVERDUE - performance.now(),
    );
  }

  #writeAll(age: number): void {
    while (this.#due.length > 0) this.#writeSome();
    this.#collect(age);
    while (this.#due.length > 0) this.#writeSome();
  }

  #collect(age: number): void {
    if (this.#waiting.size === 0 || performance.now() - this.#since < age) {
      return;
    }
    this.#due = Array.from(
      this.#waiting,
      ([position, at]) => ({ position, at }),
    ).sort((a, b) => b.position - a.position);
    this.#waiting = new Map();
  }

  #writeSome(): void {
    const clients = this.#due.splice(-MOST_AT_ONCE).reverse();
    if (clients.length > 0) this.#write(clients);
  }
}
