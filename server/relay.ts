/**
 * The relay: accepts connections and serves each of them from a store.
 *
 * @module
 */

import { Connection, type ConnectionLimits } from "./connection.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { Store } from "./store/store.ts";

/** Milliseconds to wait after a failed accept, such as for want of file descriptors. */
const ACCEPT_PAUSE = 100;

/** How a relay is started. */
export interface RelayOptions {
  /** The address to listen on, such as `127.0.0.1`. */
  hostname: string;
  /** The port; 0 for any free one. */
  port: number;
  /** Where users and messages are kept; the relay doesn't close it. */
  store: Store;
  /** Bytes of the largest payload that is taken. Default: 64 MiB. */
  maxMessage?: number;
  /**
   * Milliseconds without a byte after which a begun request or an answer that
   * isn't taken ends the connection. Default: 30,000.
   */
  progressTimeout?: number;
  /** Is told of failures that are not a client's. Default: nobody. */
  report?: (error: unknown) => void;
}

/** A relay that listens. */
export interface Relay {
  /** Where it listens. */
  readonly address: Deno.NetAddr;
  /** How many connections are open. */
  readonly connections: number;
  /**
   * Stops accepting, finishes the requests that are under way and closes all
   * connections.
   */
  close(): Promise<void>;
}

/**
 * Starts a relay.
 *
 * @throws {Error} where the port can't be listened on
 */
export function startRelay(options: RelayOptions): Relay {
  const { store, hostname, port, report = () => {} } = options;
  const limits: ConnectionLimits = {
    maxMessage: options.maxMessage ?? 64 * 1024 * 1024,
    progressTimeout: options.progressTimeout ?? 30_000,
  };
  const dispatch = createDispatcher(store, report);
  const listener = Deno.listen({ hostname, port });
  const connections = new Map<Connection, Promise<void>>();
  let closing: Promise<void> | undefined;

  function serve(conn: Deno.TcpConn): void {
    conn.setNoDelay(true);
    const connection = new Connection(conn, dispatch, limits);
    const served = connection.serve()
      // A broken connection is the client's affair, and its messages still wait.
      .catch(() => {})
      .finally(() => connections.delete(connection));
    connections.set(connection, served);
  }

  async function acceptAll(): Promise<void> {
    while (closing === undefined) {
      try {
        serve(await listener.accept());
      } catch (error) {
        if (closing !== undefined) return;
        report(error);
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
  }
  const accepting = acceptAll();

  async function close(): Promise<void> {
    listener.close();
    await accepting;
    for (const connection of connections.keys()) connection.drain();
    await Promise.all(connections.values());
  }

  return {
    address: listener.addr,
    get connections() {
      return connections.size;
    },
    close: () => closing ??= close(),
  };
}
