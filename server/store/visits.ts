import type { Visit } from "./commands.ts";

/** Milliseconds that a visit waits before it rides along. */
const RIPE = 800;
/** Milliseconds after which it is written by itself. */
const OVERDUE = 1000;
/** Visits that ride along with one write, so that none of them makes it slow. */
const MOST_RIDING = 2;
/** Visits of one write: it must fit into the writer's buffer, and not hold it up. */
const MOST_AT_ONCE = 1000;

interface Waiting extends Visit {
  since: number;
}

/**
 * Last visits that aren't written yet. They ride along with what is written
 * anyway, a few at a time; what nothing took along goes by itself.
 */
export class Visits {
  readonly #write: (visits: Visit[]) => void;
  /** In the order in which they must be written. */
  readonly #waiting = new Map<number, Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param write is given visits that are due; what it can't write is lost */
  constructor(write: (visits: Visit[]) => void) {
    this.#write = write;
  }

  /** Notes a visit. */
  add(position: number, at: number): void {
    const waiting = this.#waiting.get(position);
    if (waiting !== undefined) waiting.at = at;
    else this.#waiting.set(position, { position, at, since: at });
    this.#timer ??= setTimeout(() => this.#writeOverdue(), OVERDUE);
  }

  /** Something else is being written. */
  rideAlong(): void {
    this.#take(MOST_RIDING, RIPE);
  }

  /** Writes all of them. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#take(Infinity, 0);
  }

  #writeOverdue(): void {
    this.#take(Infinity, OVERDUE / 2);
    const [next] = this.#waiting.values();
    this.#timer = next &&
      setTimeout(() => this.#writeOverdue(), next.since + OVERDUE - Date.now());
  }

  #take(most: number, age: number): void {
    const now = Date.now();
    const visits: Visit[] = [];
    for (const visit of this.#waiting.values()) {
      if (visits.length >= most || now - visit.since < age) break;
      this.#waiting.delete(visit.position);
      visits.push(visit);
    }
    for (let at = 0; at < visits.length; at += MOST_AT_ONCE) {
      this.#write(visits.slice(at, at + MOST_AT_ONCE));
    }
  }
}
