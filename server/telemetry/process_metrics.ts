import process from "node:process";
import type { Exposition } from "./exposition.ts";
import { Histogram } from "./histogram.ts";

const MILLISECONDS = 1000;
const MICROSECONDS = 1_000_000;

/** Adds what the process has used, under the names that all exporters use. */
export function addProcessMetrics(
  shown: Exposition,
  { milliseconds }: EventLoopDelay,
): void {
  shown.histograms(
    "messageu_event_loop_delay_seconds",
    "How late the event loop came to what was due, looked at ten times a second",
    MILLISECONDS,
    () => [{ labels: {}, histogram: milliseconds }],
  );
  shown.gauge(
    "process_resident_memory_bytes",
    "Memory of the process",
    () => Deno.memoryUsage().rss,
  );
  shown.gauge(
    "process_heap_bytes",
    "Memory of the event loop's JavaScript heap",
    () => Deno.memoryUsage().heapUsed,
  );
  shown.counter(
    "process_cpu_seconds_total",
    "Time on the processors, of all threads",
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / MICROSECONDS;
    },
  );
  shown.gauge(
    "process_start_time_seconds",
    "When the process started, in seconds since 1970",
    () => performance.timeOrigin / MILLISECONDS,
  );
}

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
