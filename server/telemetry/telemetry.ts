import type { ServerOptions } from "../options.ts";
import { watchAll, type Watcher } from "../relay/watcher.ts";
import { FailurePrinter, type RelayLog } from "./log.ts";
import type { Monitor, Monitored } from "./monitor.ts";

/** Deno keeps its OpenTelemetry under this name where it was started with `OTEL_DENO=true`. */
const OPEN_TELEMETRY = Symbol.for("opentelemetry.js.api.1");

/**
 * All that a relay's program tells of itself, as its flags and its environment
 * ask for. What they don't ask for isn't even loaded.
 */
export class Telemetry {
  /** Observes the relay; undefined where nothing is to be observed. */
  readonly watcher: Watcher | undefined;
  readonly #log: RelayLog;
  readonly #failures: FailurePrinter;
  readonly #monitor: Monitor | undefined;
  #failed = 0;

  private constructor(
    log: RelayLog,
    failures: FailurePrinter,
    monitor: Monitor | undefined,
    watchers: readonly Watcher[],
  ) {
    this.#log = log;
    this.#failures = failures;
    this.#monitor = monitor;
    this.watcher = watchAll(watchers);
  }

  /**
   * Makes ready what is asked for; a relay is shown later.
   *
   * @throws {Error} where metrics can't be served
   */
  static async open(
    { telemetry: { metrics }, takeOver }: Pick<
      ServerOptions,
      "telemetry" | "takeOver"
    >,
    log: RelayLog,
  ): Promise<Telemetry> {
    const failures = new FailurePrinter(log);
    const watchers: Watcher[] = [];
    let monitor: Monitor | undefined;
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
    return new Telemetry(log, failures, monitor, watchers);
  }

  /** Tells of a failure that isn't a client's. */
  report(error: unknown): void {
    this.#failed++;
    this.#failures.print(error);
  }

  /** Shows a relay from now on, and says where. */
  show(monitored: Omit<Monitored, "failures" | "droppedLines">): void {
    if (this.#monitor === undefined) return;
    const { url } = this.#monitor;
    this.#monitor.show({
      ...monitored,
      failures: () => this.#failed,
      droppedLines: () => this.#log.dropped,
    });
    this.#log.announce(`metrics on ${url}`, { url });
  }

  /** Shows nothing any more. */
  async close(): Promise<void> {
    await this.#monitor?.close();
  }
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
