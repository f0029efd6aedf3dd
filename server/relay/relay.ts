/**
 * The relay: accepts connections and serves each of them from a store.
 *
 * @module
 */

import { reasonOf } from "../../shared/cli/reason.ts";
import { inTime } from "../../shared/cli/time.ts";
import type { Store } from "../store/store.ts";
import { ClientsDirectory } from "./clients_directory.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { Dispatcher } from "./dispatcher.ts";
import { countedAddress, isLoopback } from "./limits/client_address.ts";
import { type Account, ConnectionLimit } from "./limits/connection_limit.ts";
import { defaultLimits, type Limits } from "./limits/limits.ts";
import { MemoryBudget } from "./limits/memory_budget.ts";
import { RegistrationLimit } from "./limits/registration_limit.ts";
import { SilentConnections } from "./limits/silent_connections.ts";
import { LOOKS_PER_TIMEOUT } from "./limits/stall_detector.ts";
import type { RelayCounters } from "./relay_counters.ts";
import type { Watcher } from "./watcher.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Milliseconds to wait after a failed accept, such as for want of file descriptors. */
const ACCEPT_PAUSE = 100;

/**
 * Milliseconds that a reset may need behind the end of a stream: a round trip,
 * and on this machine what a busy client needs between the two.
 */
const CLOSE_GRACE = { remote: 300, loopback: 50 } as const;

/** Most turns of the event loop in which a relay that closes goes on accepting. */
const MOST_TURNS = 50;
/** Milliseconds in which a client that connected just now may send a closing relay its first request. */
const FIRST_REQUEST_GRACE = 300;

/** Milliseconds that the store gets for what was asked of it once its connection is closed. */
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
  /** Is told of failures that are not a client's. Default: no report. */
  report?: (error: unknown) => void;
  /** Observes the relay. Default: no observer. */
  watcher?: Watcher | undefined;
}

/** Starts a relay. */
export function startRelay(options: RelayOptions): Relay {
  return new Relay(options);
}

/** A relay that listens. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #budget: MemoryBudget;
  readonly #settings: Record<keyof typeof CLOSE_GRACE, ConnectionOptions>;
  readonly #limit: ConnectionLimit;
  /** Without the bytes of open connections, which are added up when they are asked for. */
  readonly #counters = {
    accepted: 0,
    stuck: 0,
    silent: 0,
    refused: { connections: 0, connections_per_address: 0 },
    received: 0,
    sent: 0,
  };
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #silent = new SilentConnections(this.#connections);
  /** Connections that made room for others, and so count no more. */
  readonly #displaced = new Set<Connection>();
  readonly #accepting: Promise<void>;
  readonly #looking: ReturnType<typeof setInterval>;
  #isListening = true;
  #canAccept = true;
  #closing: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    const { store, watcher, report = () => {} } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const { maxMessage, progressTimeout } = limits;
    this.#options = options;
    this.#limit = new ConnectionLimit(limits);
    this.#budget = new MemoryBudget(limits);
    const services = {
      store,
      limits,
      directory: new ClientsDirectory(store),
      registrations: new RegistrationLimit(limits.registrationsPerMinute),
    };
    const shared = {
      dispatcher: new Dispatcher(services, report),
      budget: this.#budget,
      life: { signs: 0 },
      maxMessage,
      watcher,
    };
    this.#settings = {
      loopback: { ...shared, closeGrace: CLOSE_GRACE.loopback },
      remote: { ...shared, closeGrace: CLOSE_GRACE.remote },
    };
    this.#looking = setInterval(
      () => this.#closeStuck(),
      progressTimeout / LOOKS_PER_TIMEOUT,
    );
    this.#accepting = this.#acceptAll();
  }

  /** Where it listens. */
  get address(): Deno.NetAddr {
    return this.#options.listener.addr;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Whether it takes connections: not while it can't, nor once it closes. It is
   * full while it has all that it may have and none of them can make room.
   */
  get state(): "accepting" | "full" | "not accepting" | "closing" {
    if (this.#closing !== undefined) return "closing";
    if (!this.#canAccept) return "not accepting";
    const isFull = this.#limit.isReached && !this.#silent.hasAny;
    return isFull ? "full" : "accepting";
  }

  /** What it has counted since its start. */
  get counters(): RelayCounters {
    const { displaced, used: inflight } = this.#budget;
    const counters = { ...structuredClone(this.#counters), inflight };
    counters.stuck += displaced;
    for (const { received, sent } of this.#connections.keys()) {
      counters.received += received;
      counters.sent += sent;
    }
    return counters;
  }

  /**
   * Stops accepting, finishes the requests that are under way, as far as that
   * is done in time, and closes all connections.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #acceptAll(): Promise<void> {
    const { report } = this.#options;
    while (this.#isListening) {
      try {
        this.#serve(await this.#accept());
        this.#canAccept = true;
      } catch (error) {
        if (!this.#isListening) return;
        // Reset before it was accepted: the client's affair.
        if (hasCode(error, "ENOTCONN", "ECONNRESET", "ECONNABORTED")) continue;
        // Once: it may go on for as long as all connections stay.
        if (this.#canAccept) {
          const reason = reasonOf(error);
          report?.(new Error(`Can't accept a connection: ${reason}`));
        }
        this.#canAccept = false;
        // The descriptor is free once the event loop has come round.
        await sleep(this.#makeRoom() ? 1 : ACCEPT_PAUSE);
      }
    }
  }

  async #accept(): Promise<Deno.TcpConn> {
    const accepted = this.#options.listener.accept();
    if (this.#canAccept) return await accepted;
    // It fails at once, or there are descriptors again, though no client comes.
    const timer = setTimeout(() => this.#canAccept = true, ACCEPT_PAUSE);
    try {
      return await accepted;
    } finally {
      clearTimeout(timer);
    }
  }

  #serve(conn: Deno.TcpConn): void {
    const { hostname } = conn.remoteAddr;
    const account = this.#limit.account(countedAddress(hostname));
    if (!this.#admit(account)) return conn.close();
    try {
      conn.setNoDelay(true);
      // A client that is gone without a word must not stay for ever.
      conn.setKeepAlive(true);
    } catch {
      // It was reset before it was served.
      this.#limit.leave(account);
      return conn.close();
    }
    const { watcher } = this.#options;
    const number = ++this.#counters.accepted;
    const connection = new Connection(
      conn,
      account,
      number,
      isLoopback(hostname) ? this.#settings.loopback : this.#settings.remote,
    );
    watcher?.connected?.(number);
    const gone = () => {
      this.#connections.delete(connection);
      if (!this.#displaced.delete(connection)) this.#limit.leave(account);
      const { received, sent } = connection;
      this.#counters.received += received;
      this.#counters.sent += sent;
      watcher?.disconnected?.(number, received, sent);
    };
    // A broken connection is the client's affair, and its messages still wait.
    this.#connections.set(connection, connection.serve().then(gone, gone));
  }

  #admit(account: Account): boolean {
    for (;;) {
      const refusal = this.#limit.admit(account);
      if (refusal === undefined) return true;
      const isFull = refusal === "connections";
      if (this.#makeRoom(isFull ? undefined : account)) continue;
      this.#counters.refused[refusal]++;
      return false;
    }
  }

  /** Closes a silent connection, of one address or of any; returns whether there was one. */
  #makeRoom(account?: Account): boolean {
    const connection = this.#silent.next(account);
    if (connection === undefined) return false;
    if (!this.#displaced.has(connection)) {
      this.#displaced.add(connection);
      this.#limit.leave(connection.account);
    }
    connection.close();
    this.#counters.silent++;
    return true;
  }

  #closeStuck(): void {
    for (const connection of this.#connections.keys()) {
      if (connection.closeIfStuck()) this.#counters.stuck++;
    }
  }

  async #close(): Promise<void> {
    const { listener, drainTimeout = 5000 } = this.#options;
    await this.#acceptWaiting();
    this.#isListening = false;
    listener.close();
    await this.#accepting;
    const all = () => this.#connections.keys();
    for (const connection of all()) connection.drain();
    const silence = setTimeout(() => {
      for (const connection of all()) connection.closeIfSilent();
    }, Math.min(FIRST_REQUEST_GRACE, drainTimeout));
    // A client that dawdles over its request must not hold the relay up.
    const timer = setTimeout(() => {
      for (const connection of all()) connection.close();
    }, drainTimeout);
    // A store that doesn't respond mustn't either.
    const ended = Promise.all(this.#connections.values());
    await inTime(ended, drainTimeout + STORE_GRACE, undefined);
    clearTimeout(silence);
    clearTimeout(timer);
    clearInterval(this.#looking);
    this.#budget.end();
  }

  /** Takes in clients that have connected already: closing would turn them away. */
  async #acceptWaiting(): Promise<void> {
    for (let turn = 0, before = -1; turn < MOST_TURNS; turn++) {
      if (before === this.#counters.accepted) return;
      before = this.#counters.accepted;
      await sleep(0);
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
