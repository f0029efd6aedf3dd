/**
 * The relay: accepts connections and serves each of them from a store.
 *
 * @module
 */

import { inTime } from "../../shared/cli/in_time.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Account } from "./limits/account.ts";
import { Admission } from "./limits/admission.ts";
import { countedAddress, isLoopback } from "./limits/client_address.ts";
import { ClientsDirectory } from "./clients_directory.ts";
import { Connection } from "./connection.ts";
import { createDispatcher } from "./dispatcher.ts";
import { defaultLimits, type Limits } from "./limits/limits.ts";
import { MemoryBudget } from "./limits/memory_budget.ts";
import { LOOKS_PER_TIMEOUT } from "./limits/progress.ts";
import { RegistrationLimit } from "./limits/registration_limit.ts";
import { SilentConnections } from "./limits/silent_connections.ts";
import { type RelayFigures, Traffic } from "../telemetry/relay_figures.ts";
import type { Store } from "../store/store.ts";
import type { Watcher } from "./watcher.ts";

/** Milliseconds to wait after a failed accept, such as for want of file descriptors. */
const ACCEPT_PAUSE = 100;

/**
 * Milliseconds that a reset may need behind the end of a stream: a round trip,
 * and on this machine what a busy client needs between the two.
 */
const CLOSE_GRACE = { remote: 300, loopback: 50 } as const;

/** Turns in which a relay that closes goes on accepting at most, while somebody comes in each. */
const MOST_TURNS = 50;
/** Milliseconds in which who connected just now may still ask a relay that closes for something. */
const FIRST_REQUEST_GRACE = 300;

/** Milliseconds that what is asked of the store gets once its connection is closed. */
const STORE_GRACE = 1000;

/** How a relay is started. */
export interface RelayOptions {
  /** Where clients come in, from `Deno.listen`; the relay closes it. */
  listener: Deno.TcpListener;
  /** Where users and messages are kept; the relay doesn't close it. */
  store: Store;
  /** What clients may have. Default: {@linkcode defaultLimits}. */
  limits?: Partial<Limits>;
  /** Milliseconds that {@linkcode Relay.close} gives what is under way. Default: 5000. */
  drainTimeout?: number;
  /** Is told of failures that are not a client's. Default: nobody. */
  report?: (error: unknown) => void;
  /** Is told what the relay does. Default: nobody. */
  watcher?: Watcher | undefined;
}

/** A relay that listens. */
export interface Relay {
  /** Where it listens. */
  readonly address: Deno.NetAddr;
  /** How many connections are open. */
  readonly connections: number;
  /** Whether it takes connections: not while it can't, nor once it closes. */
  readonly state: "accepting" | "not accepting" | "closing";
  /** What it has come to since its start. */
  readonly figures: RelayFigures;
  /**
   * Stops accepting, finishes the requests that are under way, as far as that
   * is done in time, and closes all connections.
   */
  close(): Promise<void>;
}

/** Starts a relay. */
export function startRelay(options: RelayOptions): Relay {
  const { listener, store, watcher, report = () => {} } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const { maxMessage, progressTimeout } = limits;
  const drainTimeout = options.drainTimeout ?? 5000;
  const budget = new MemoryBudget({
    limit: limits.maxInflight,
    largest: maxMessage,
    progressTimeout,
  });
  const dispatch = createDispatcher({
    store,
    limits,
    directory: new ClientsDirectory(store),
    registrations: new RegistrationLimit(limits.registrationsPerMinute),
  }, report);

  const life = { signs: 0 };
  const shared = { dispatch, budget, life, maxMessage, watcher };
  const settings = {
    loopback: { ...shared, closeGrace: CLOSE_GRACE.loopback },
    remote: { ...shared, closeGrace: CLOSE_GRACE.remote },
  };
  const admission = new Admission(limits);
  const traffic = new Traffic();
  const connections = new Map<Connection, Promise<void>>();
  const silent = new SilentConnections(connections);
  /** Those that made room: they don't count any more. */
  const left = new WeakSet<Connection>();
  let accepts = true;
  let failing = false;
  let closing: Promise<void> | undefined;

  function leave(connection: Connection): void {
    if (left.has(connection)) return;
    left.add(connection);
    admission.leave(connection.account);
  }

  /** Ends a connection that is silent, of one address or of any; whether there was one. */
  function makeRoom(account?: Account): boolean {
    const connection = silent.next(account);
    if (connection === undefined) return false;
    leave(connection);
    connection.close();
    traffic.silent++;
    return true;
  }

  function admit(account: Account): boolean {
    for (;;) {
      const refusal = admission.admit(account);
      if (refusal === undefined) return true;
      const isFull = refusal === "connections";
      if (makeRoom(isFull ? undefined : account)) continue;
      traffic.refused[refusal]++;
      return false;
    }
  }

  function serve(conn: Deno.TcpConn): void {
    const { hostname } = conn.remoteAddr;
    const account = admission.account(countedAddress(hostname));
    if (!admit(account)) return conn.close();
    try {
      conn.setNoDelay(true);
      // Who is gone without a word must not stay for ever.
      conn.setKeepAlive(true);
    } catch {
      // It was reset before it was served.
      admission.leave(account);
      return conn.close();
    }
    const from = isLoopback(hostname) ? "loopback" : "remote";
    const number = ++traffic.accepted;
    const connection = new Connection(conn, account, number, settings[from]);
    watcher?.connected?.(number);
    const gone = () => {
      connections.delete(connection);
      leave(connection);
      traffic.ended(connection);
      watcher?.disconnected?.(number, connection.received, connection.sent);
    };
    // A broken connection is the client's affair, and its messages still wait.
    connections.set(connection, connection.serve().then(gone, gone));
  }

  async function acceptAll(): Promise<void> {
    while (accepts) {
      try {
        serve(await listener.accept());
        failing = false;
      } catch (error) {
        if (!accepts) return;
        // Reset before it was accepted: the client's affair.
        if (error instanceof Deno.errors.NotConnected) continue;
        // Once: it may go on for as long as all connections stay.
        if (!failing) {
          const reason = reasonOf(error);
          report(new Error(`Can't accept a connection: ${reason}`));
        }
        failing = true;
        // The descriptor is free once the event loop has come round.
        const pause = makeRoom() ? 1 : ACCEPT_PAUSE;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }
  const accepting = acceptAll();

  const watch = setInterval(() => {
    for (const connection of connections.keys()) {
      if (connection.closeIfStuck()) traffic.stuck++;
    }
  }, progressTimeout / LOOKS_PER_TIMEOUT);

  /** Takes in who has connected already: closing would turn them away. */
  async function acceptWaiting(): Promise<void> {
    for (let turn = 0, before = -1; turn < MOST_TURNS; turn++) {
      if (before === traffic.accepted) return;
      before = traffic.accepted;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async function close(): Promise<void> {
    await acceptWaiting();
    accepts = false;
    listener.close();
    await accepting;
    for (const connection of connections.keys()) connection.drain();
    const silence = setTimeout(() => {
      for (const connection of connections.keys()) connection.closeIfSilent();
    }, Math.min(FIRST_REQUEST_GRACE, drainTimeout));
    // A client that dawdles over its request must not hold the relay up.
    const timer = setTimeout(() => {
      for (const connection of connections.keys()) connection.close();
    }, drainTimeout);
    // A store that doesn't answer mustn't either.
    const ended = Promise.all(connections.values());
    await inTime(ended, drainTimeout + STORE_GRACE, undefined);
    clearTimeout(silence);
    clearTimeout(timer);
    clearInterval(watch);
    budget.end();
  }

  return {
    address: listener.addr,
    get connections() {
      return connections.size;
    },
    get state() {
      return closing !== undefined
        ? "closing"
        : failing
        ? "not accepting"
        : "accepting";
    },
    get figures() {
      return traffic.figures(connections.keys(), budget);
    },
    close: () => closing ??= close(),
  };
}
