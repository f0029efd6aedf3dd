import { Histogram } from "./histogram.ts";

/** Milliseconds from one look to the next. */
const PAUSE = 100;

const DELAYS = [1, 2.5, 5, 10, 25, 50, 100, 250, 1000] as const;

/** How late the event loop comes to what is due, looked at ten times a second. */
export class EventLoopDelay {
  /** Milliseconds of each look. */
  readonly milliseconds: Histogram = new Histogram(DELAYS);
  #due = performance.now() + PAUSE;
  readonly #timer = setInterval(() => this.#look(), PAUSE);

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.milliseconds.record(Math.max(0, now - this.#due));
    this.#due = now + PAUSE;
  }
}
