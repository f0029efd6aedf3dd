import type { Visit } from "./sqlite/writer/commands.ts";

/** Milliseconds that the oldest visit waits before all that wait ride along. */
const RIPE = 800;
/** Milliseconds after which they are written by themselves. */
const OVERDUE = 1000;
/** Visits of one write: it must fit into the writer's buffer, and not hold it up. */
const MOST_AT_ONCE = 500;

/**
 * Last visits that aren't written yet. They ride along with what is written
 * anyway; what nothing took along goes by itself. Those of a whole second go
 * in the order of their rows, so that neighbours share a page and its commit.
 */
export class Visits {
  readonly #write: (visits: Visit[]) => void;
  /** When each client was last seen, since the last time that all were ripe. */
  #waiting = new Map<number, number>();
  /** When the first of them began to wait, on the clock of `performance.now()`. */
  #since = 0;
  /** Those that are ripe, by falling positions. */
  #ripe: Visit[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param write is given visits that are due; what it can't write is lost */
  constructor(write: (visits: Visit[]) => void) {
    this.#write = write;
  }

  /** Notes a visit of the client at a position. */
  add(position: number, at: number): void {
    if (this.#waiting.size === 0) this.#since = performance.now();
    this.#waiting.set(position, at);
    this.#timer ??= setTimeout(() => this.#writeOverdue(), OVERDUE);
  }

  /** Something else is being written. */
  rideAlong(): void {
    if (this.#ripe.length === 0) this.#ripen(RIPE);
    this.#writeSome();
  }

  /** Writes all of them. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writeRipe();
    this.#ripen(0);
    this.#writeRipe();
  }

  #writeOverdue(): void {
    this.#writeRipe();
    this.#ripen(RIPE);
    this.#writeRipe();
    this.#timer = this.#waiting.size === 0 ? undefined : setTimeout(
      () => this.#writeOverdue(),
      this.#since + OVERDUE - performance.now(),
    );
  }

  #ripen(age: number): void {
    if (this.#waiting.size === 0 || performance.now() - this.#since < age) {
      return;
    }
    this.#ripe = Array.from(
      this.#waiting,
      ([position, at]) => ({ position, at }),
    ).sort((a, b) => b.position - a.position);
    this.#waiting = new Map();
  }

  #writeRipe(): void {
    while (this.#ripe.length > 0) this.#writeSome();
  }

  #writeSome(): void {
    const visits = this.#ripe.splice(-MOST_AT_ONCE).reverse();
    if (visits.length > 0) this.#write(visits);
  }
}
