/** Milliseconds in which registrations are counted. */
const WINDOW = 60_000;

/**
 * Registrations from one address: so many at once, and then as many a minute
 * as the limit says. Addresses are forgotten once they have all of it again.
 */
export class RegistrationLimit {
  readonly #perMinute: number;
  /** When each address will have had its registrations, as `performance.now()` tells it. */
  readonly #busyUntil = new Map<string, number>();
  #nextSweep = 0;

  /** @param perMinute 0 for no limit */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Counts a registration, or returns false where it is one too many. */
  admit(address: string, now: number = performance.now()): boolean {
    if (this.#perMinute === 0) return true;
    this.#sweep(now);
    const cost = WINDOW / this.#perMinute;
    const until = Math.max(this.#busyUntil.get(address) ?? 0, now) + cost;
    // A small part of a millisecond must not cost the last one.
    if (until - now > WINDOW + 0.001) return false;
    this.#busyUntil.set(address, until);
    return true;
  }

  #sweep(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + WINDOW;
    for (const [address, until] of this.#busyUntil) {
      if (until <= now) this.#busyUntil.delete(address);
    }
  }
}
