/** Milliseconds by which the clocks may differ without a step, and the share of the time between two looks. */
const TOLERANCE = 1000;
const DRIFT = 1 / 1000;

/** A look at both clocks. */
export interface ClockLook {
  /** Milliseconds since 1970, by the wall clock. */
  readonly now: number;
  /** Milliseconds by which the wall clock was set since the look before; 0 where it wasn't. */
  readonly step: number;
  /** `now` by the wall clock as it was at the look at which it was most behind. */
  readonly earliest: number;
}

/**
 * The wall clock held against the monotonic one, which tells when it was set.
 * The time in which a machine sleeps counts as a step.
 */
export class WallClock {
  readonly #wall: () => number;
  readonly #monotonic: () => number;
  #last: { at: number; offset: number; lowest: number };

  constructor(wall = Date.now, monotonic = () => performance.now()) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    const at = monotonic();
    const offset = wall() - at;
    this.#last = { at, offset, lowest: offset };
  }

  /**
   * Looks at both clocks.
   *
   * @returns the look, and `known`, which accepts it: until then, a step is reported again
   */
  look(): ClockLook & { known: () => void } {
    const at = this.#monotonic();
    const now = this.#wall();
    const offset = now - at;
    const { at: lastAt, offset: lastOffset, lowest: last } = this.#last;
    const difference = Math.round(offset - lastOffset);
    const allowed = TOLERANCE + DRIFT * (at - lastAt);
    const step = Math.abs(difference) > allowed ? difference : 0;
    // Without a step the clock's own course counts, however it is corrected.
    const lowest = step === 0 && last === lastOffset
      ? offset
      : Math.min(last, offset);
    return {
      now,
      step,
      earliest: at + lowest,
      known: () => this.#last = { at, offset, lowest },
    };
  }
}
