import type { Watcher } from "../relay/watcher.ts";
import type { RelayLog } from "./log.ts";

/** Logs connections and requests in detail, by the number of the connection. */
export function requestLog(log: RelayLog): Watcher {
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
