/**
 * How often a client polls the relay: the protocol has no push. All times are in
 * milliseconds.
 *
 * @module
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pause between two polls, by the time since the last activity. */
export interface Pace {
  /** The first step whose `until` isn't over applies. */
  readonly steps: readonly {
    readonly until: number;
    readonly pause: number;
  }[];
  /** The longest pause between two attempts to reach a relay. */
  readonly longestRetry: number;
}

/** The paces of all programs that poll. */
export const paces = {
  /** A chat whose terminal has the focus, or doesn't report it. */
  focused: {
    steps: [
      { until: MINUTE, pause: 150 },
      { until: HOUR, pause: 1.5 * SECOND },
      { until: Infinity, pause: 10 * SECOND },
    ],
    longestRetry: 30 * SECOND,
  },
  /** A chat whose terminal has lost the focus. */
  unfocused: {
    steps: [
      { until: MINUTE, pause: 150 },
      { until: Infinity, pause: 10 * SECOND },
    ],
    longestRetry: 30 * SECOND,
  },
  /** A verb that runs until it is stopped. */
  unattended: {
    steps: [
      { until: 2 * SECOND, pause: 500 },
      { until: 16 * SECOND, pause: 2 * SECOND },
      { until: Infinity, pause: 5 * SECOND },
    ],
    longestRetry: 5 * SECOND,
  },
} as const satisfies Record<string, Pace>;

/** Decides when the next poll is due. */
export class PollTimer {
  readonly #now: () => number;
  #polled: number;
  #active: number;
  #failures = 0;

  /** Starts with an activity. */
  constructor(now: () => number) {
    this.#now = now;
    this.#polled = this.#active = now();
  }

  /** Notes a key, a message that is sent, or one that has arrived. */
  noteActivity(): void {
    this.#active = this.#now();
  }

  /** Notes a poll without a failure, and how many messages have arrived by it. */
  noteResponse(count: number): void {
    this.#polled = this.#now();
    this.#failures = 0;
    if (count > 0) this.noteActivity();
  }

  /** Notes a poll that failed. */
  noteFailure(): void {
    this.#polled = this.#now();
    this.#failures++;
  }

  /** Time until the next poll; 0 where it is due. After failures 1, 2, 4, … s. */
  left({ steps, longestRetry }: Pace): number {
    const silence = this.#now() - this.#active;
    const step = steps.find(({ until }) => silence < until) ?? steps.at(-1);
    const pause = this.#failures === 0
      ? step?.pause ?? 0
      : Math.min(longestRetry, SECOND * 2 ** (this.#failures - 1));
    return Math.max(0, this.#polled + pause - this.#now());
  }
}
