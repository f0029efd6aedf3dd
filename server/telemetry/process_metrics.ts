import process from "node:process";
import type { EventLoopDelay } from "./event_loop_delay.ts";
import type { Exposition } from "./exposition.ts";

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
