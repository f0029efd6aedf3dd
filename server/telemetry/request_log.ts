import type { RequestWatch, SeenRequest, Watcher } from "../relay/watcher.ts";
import type { RelayLog } from "./log.ts";

/** Logs connections and requests in detail, by the number of the connection. */
export class RequestLog implements Watcher {
  readonly #log: RelayLog;

  /** Logs there. */
  constructor(log: RelayLog) {
    this.#log = log;
  }

  /** Logs that a connection was accepted. */
  connected(connection: number): void {
    this.#log.debug("connection opened", { connection });
  }

  /** Logs that it has ended. */
  disconnected(connection: number, received: number, sent: number): void {
    this.#log.debug("connection closed", { connection, received, sent });
  }

  /** Logs a request once it has ended. */
  requested({ code, size, connection }: SeenRequest): RequestWatch {
    const began = performance.now();
    return {
      ended: (outcome) => {
        const milliseconds = Math.round(performance.now() - began);
        const fields = { connection, code, size, outcome, milliseconds };
        this.#log.debug("request", fields);
      },
    };
  }
}
