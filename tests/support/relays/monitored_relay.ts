/** A relay that shows its metrics, in this process. */

import { defaultLimits, type Limits } from "../../../server/mod.ts";
import { Monitor } from "../../../server/telemetry/monitor.ts";
import { type FileRelay, fileRelay } from "../../../lab/harness/resources.ts";

/** A relay and its monitor, both on free ports of the loopback. */
export class MonitoredRelay implements AsyncDisposable {
  readonly relay: FileRelay;
  readonly #monitor: Monitor;

  private constructor(relay: FileRelay, monitor: Monitor) {
    this.relay = relay;
    this.#monitor = monitor;
  }

  /** Starts both. */
  static async start(limits: Partial<Limits> = {}): Promise<MonitoredRelay> {
    const monitor = startMonitor();
    const relay = await fileRelay({ limits, watcher: monitor.requests });
    monitor.show({
      relay: relay.relay,
      store: relay.store,
      limits: { ...defaultLimits, ...limits },
      failures: () => relay.reports.length,
      droppedLines: () => 0,
    });
    return new MonitoredRelay(relay, monitor);
  }

  /** Where the metrics are. */
  get url(): string {
    return this.#monitor.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
    await this.#monitor.close();
  }
}

/** A monitor on a free port of the loopback, without a relay. */
export function startMonitor(): Monitor {
  return Monitor.start({ hostname: "127.0.0.1", port: 0 }, (error) => {
    throw error;
  });
}
