/**
 * Memory for what is under way, cut into shares, so that neither slow files nor
 * slow readers hold up everybody's texts. Who finds no room waits.
 *
 * @module
 */

/** The shares of one relay. */
export class MemoryBudget {
  /** An eighth, for buffers of usual size in which requests arrive. */
  readonly buffers: Share;
  /** An eighth, for small requests that are being answered. */
  readonly payloads: Share;
  /** A quarter, for answers. */
  readonly answers: Share;
  /** Half, for larger requests. */
  readonly large: GrowingShare;

  /**
   * @param limit bytes in all
   * @param largest bytes of the largest request: half of the limit at most
   */
  constructor(limit: number, largest: number) {
    this.buffers = new Share(limit / 8);
    this.payloads = new Share(limit / 8);
    this.answers = new Share(limit / 4);
    this.large = new GrowingShare(limit / 2 - largest);
  }

  /** Bytes of all shares that are in use. */
  get used(): number {
    const { buffers, payloads, answers, large } = this;
    return buffers.used + payloads.used + answers.used + large.used;
  }
}

/** Memory that is reserved in one piece, first come, first served. */
export class Share {
  readonly #limit: number;
  readonly #waiting: { size: number; resolve: () => void }[] = [];
  #used = 0;

  /** @param limit bytes; a single larger need is met while there is no other */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether somebody waits for room. */
  get pressed(): boolean {
    return this.#waiting.length > 0;
  }

  /** Bytes that are reserved. */
  get used(): number {
    return this.#used;
  }

  /** Reserves bytes where there is room at once. */
  tryReserve(size: number): boolean {
    if (this.#waiting.length > 0 || !this.#fits(size)) return false;
    this.#used += size;
    return true;
  }

  /** Reserves bytes, as soon as there is room. */
  async reserve(size: number): Promise<void> {
    if (this.tryReserve(size)) return;
    await new Promise<void>((resolve) => this.#waiting.push({ size, resolve }));
  }

  /** Gives bytes back. */
  release(size: number): void {
    this.#used -= size;
    for (let next; (next = this.#waiting[0]) && this.#fits(next.size);) {
      this.#waiting.shift();
      this.#used += next.size;
      next.resolve();
    }
  }

  #fits(size: number): boolean {
    return this.#used === 0 || this.#used + size <= this.#limit;
  }
}

/**
 * Memory that grows with what has arrived, so that a claim alone holds nothing.
 * The oldest may always grow: so it comes to its end, and after it the next,
 * and they never wait for each other in a ring.
 */
export class GrowingShare {
  readonly #limit: number;
  /** The oldest comes first. */
  readonly #holds = new Set<Hold>();
  #waiting: { hold: Hold; size: number; resolve: () => void }[] = [];
  #used = 0;

  /** @param limit bytes that all may have beside the oldest */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether somebody waits for room. */
  get pressed(): boolean {
    return this.#waiting.length > 0;
  }

  /** Bytes that are held. */
  get used(): number {
    return this.#used;
  }

  /** Begins to hold, nothing at first. */
  open(): Hold {
    const hold: Hold = {
      size: 0,
      grow: async (size) => {
        if (this.#mayGrow(hold, size)) return this.#grow(hold, size);
        await new Promise<void>((resolve) => {
          this.#waiting.push({ hold, size, resolve });
        });
      },
      close: () => {
        this.#used -= hold.size;
        hold.size = 0;
        this.#holds.delete(hold);
        this.#wake();
      },
    };
    this.#holds.add(hold);
    return hold;
  }

  #mayGrow(hold: Hold, size: number): boolean {
    const [oldest] = this.#holds;
    if (hold === oldest) return true;
    const others = this.#used - (oldest?.size ?? 0);
    return others + size - hold.size <= this.#limit;
  }

  #grow(hold: Hold, size: number): void {
    this.#used += size - hold.size;
    hold.size = size;
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ hold, size, resolve }) => {
      if (!this.#mayGrow(hold, size)) return true;
      this.#grow(hold, size);
      resolve();
      return false;
    });
  }
}

/** Somebody's part of a {@linkcode GrowingShare}. */
export interface Hold {
  /** Bytes that it holds. */
  size: number;
  /** Makes it so many bytes, as soon as there is room. */
  grow(size: number): Promise<void>;
  /** Gives all of it back. */
  close(): void;
}
