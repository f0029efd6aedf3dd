/**
 * The relay: accepts connections and serves each of them from a store.
 *
 * @module
 */

import { Connection } from "./connection.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { Store } from "./store/store.ts";

/** Milliseconds to wait after a failed accept, such as for want of file descriptors. */
const ACCEPT_PAUSE = 100;

/** Milliseconds that a reset may need behind the end of a stream: a round trip. */
const CLOSE_GRACE = 300;

/** How a relay is started. */
export interface RelayOptions {
  /** Where clients come in, from `Deno.listen`; the relay closes it. */
  listener: Deno.TcpListener;
  /** Where users and messages are kept; the relay doesn't close it. */
  store: Store;
  /** Bytes of the largest payload that is taken. Default: 64 MiB. */
  maxMessage?: number;
  /**
   * Milliseconds without a byte after which a begun request or an answer that
   * isn't taken ends the connection. Default: 30,000.
   */
  progressTimeout?: number;
  /** Milliseconds that {@linkcode Relay.close} gives what is under way. Default: 5000. */
  drainTimeout?: number;
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
   * Stops accepting, finishes the requests that are under way, as far as that
   * is done in time, and closes all connections.
   */
  close(): Promise<void>;
}

/** Starts a relay. */
export function startRelay(options: RelayOptions): Relay {
  const { listener, store, report = () => {} } = options;
  const limits = {
    maxMessage: options.maxMessage ?? 64 * 1024 * 1024,
    progressTimeout: options.progressTimeout ?? 30_000,
  };
  const drainTimeout = options.drainTimeout ?? 5000;
  const dispatch = createDispatcher(store, report);

  const connections = new Map<Connection, Promise<void>>();
  let closing: Promise<void> | undefined;

  function serve(conn: Deno.TcpConn): void {
    try {
      conn.setNoDelay(true);
    } catch {
      // It was reset before it was served.
      return conn.close();
    }
    const connection = new Connection(conn, dispatch, {
      ...limits,
      closeGrace: isLoopback(conn.remoteAddr) ? 0 : CLOSE_GRACE,
    });
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
    // A client that dawdles over its request must not hold the relay up.
    const timer = setTimeout(() => {
      for (const connection of connections.keys()) connection.close();
    }, drainTimeout);
    await Promise.all(connections.values());
    clearTimeout(timer);
  }

  return {
    address: listener.addr,
    get connections() {
      return connections.size;
    },
    close: () => closing ??= close(),
  };
}

function isLoopback({ hostname }: Deno.NetAddr): boolean {
  return hostname === "::1" || /^(::ffff:)?127\./.test(hostname);
}
