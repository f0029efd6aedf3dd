/** Bytes from which a reservation is large. */
const LARGE = 64 * 1024;

/**
 * Memory for what is under way, shared by all connections. Who finds no room
 * waits, in order. Large reservations leave an eighth to the small ones, so
 * that a few slow files don't hold up everybody's texts.
 */
export class MemoryBudget {
  readonly #small: Lane;
  readonly #large: Lane;
  readonly #limit: number;
  #used = 0;

  /** @param limit bytes in all; one large reservation may have seven eighths of them */
  constructor(limit: number) {
    this.#limit = limit;
    this.#small = { limit, used: 0, waiting: [] };
    this.#large = { limit: limit - limit / 8, used: 0, waiting: [] };
  }

  /** Bytes that are reserved. */
  get used(): number {
    return this.#used;
  }

  /** Reserves bytes where there is room at once. */
  tryReserve(size: number): boolean {
    const lane = this.#lane(size);
    if (lane.waiting.length > 0 || !this.#fits(lane, size)) return false;
    this.#take(lane, size);
    return true;
  }

  /** Reserves bytes, as soon as there is room. */
  async reserve(size: number): Promise<void> {
    if (this.tryReserve(size)) return;
    await new Promise<void>((resolve) => {
      this.#lane(size).waiting.push({ size, resolve });
    });
  }

  /** Gives back what was reserved in one piece. */
  release(size: number): void {
    this.#used -= size;
    this.#lane(size).used -= size;
    for (const lane of [this.#small, this.#large]) {
      for (let next; (next = lane.waiting[0]) !== undefined;) {
        if (!this.#fits(lane, next.size)) break;
        lane.waiting.shift();
        this.#take(lane, next.size);
        next.resolve();
      }
    }
  }

  #lane(size: number): Lane {
    return size > LARGE ? this.#large : this.#small;
  }

  #fits(lane: Lane, size: number): boolean {
    return this.#used + size <= this.#limit && lane.used + size <= lane.limit;
  }

  #take(lane: Lane, size: number): void {
    lane.used += size;
    this.#used += size;
  }
}

interface Lane {
  readonly limit: number;
  used: number;
  waiting: { size: number; resolve: () => void }[];
}
