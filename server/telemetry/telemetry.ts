import type { ServerOptions } from "../options.ts";
import { watchAll, type Watcher } from "../relay/watcher.ts";
import { FailurePrinter, type RelayLog } from "./log.ts";
import type { Monitor, Monitored } from "./monitor.ts";

/** Deno keeps its OpenTelemetry under this name where it was started with `OTEL_DENO=true`. */
const OPEN_TELEMETRY = Symbol.for("opentelemetry.js.api.1");

/**
 * Opens all that a relay's program tells of itself, as its flags and its
 * environment ask for. What they don't ask for isn't even loaded.
 *
 * @throws {Error} if metrics can't be served
 */
export async function openTelemetry(
  { telemetry: { metrics }, takeOver }: Pick<
    ServerOptions,
    "telemetry" | "takeOver"
  >,
  log: RelayLog,
) {
  const failures = new FailurePrinter(log);
  const watchers: Watcher[] = [];
  let monitor: Monitor | undefined;
  let failed = 0;
  if (metrics !== undefined) {
    const { Monitor } = await import("./monitor.ts");
    monitor = Monitor.start(
      { ...metrics, takeOver },
      (error) => failures.print(error),
    );
    watchers.push(monitor.requests);
  }
  if (OPEN_TELEMETRY in globalThis) {
    const { RequestSpans } = await import("./request_spans.ts");
    watchers.push(new RequestSpans());
  }
  if (log.isDetailed) watchers.push(requestLog(log));
  return {
    /** Observes the relay; undefined if nothing is to be observed. */
    watcher: watchAll(watchers),

    /** Reports a failure that isn't a client's. */
    report(error: unknown): void {
      failed++;
      failures.print(error);
    },

    /** Shows a relay from now on, and says where. */
    show(monitored: Omit<Monitored, "failures" | "droppedLines">): void {
      if (monitor === undefined) return;
      const { url } = monitor;
      monitor.show({
        ...monitored,
        failures: () => failed,
        droppedLines: () => log.dropped,
      });
      log.announce(`metrics on ${url}`, { url });
    },

    /** Shows nothing any more. */
    async close(): Promise<void> {
      await monitor?.close();
    },
  };
}

/** Logs connections and requests in detail, by the number of the connection. */
function requestLog(log: RelayLog): Watcher {
  return {
    connected(connection) {
      log.debug("connection opened", { connection });
    },
    disconnected(connection, received, sent) {
      log.debug("connection closed", { connection, received, sent });
    },
    requested({ code, size, connection }) {
      const began = performance.now();
      return {
        ended(outcome) {
          const milliseconds = Math.round(performance.now() - began);
          const fields = { connection, code, size, outcome, milliseconds };
          log.debug("request", fields);
        },
      };
    },
  };
}
