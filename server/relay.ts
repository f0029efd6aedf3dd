/**
 * The relay: accepts connections and serves each of them from a store.
 *
 * @module
 */

import { inTime } from "../shared/cli/time.ts";
import type { Store } from "./store/store.ts";
import { ClientsDirectory } from "./relay/clients_directory.ts";
import { SecureProtocol } from "./secure/secure_protocol.ts";
import { LoopTurns } from "./secure/loop_turns.ts";
import { Lingering, TlsTransport } from "./secure/tls_transport.ts";
import { Connection, type ConnectionOptions } from "./relay/connection.ts";
import { Dispatcher } from "./relay/dispatcher.ts";
import { LegacyProtocol } from "./relay/legacy_protocol.ts";
import { countedAddress, isLoopback } from "./relay/limits/client_address.ts";
import {
  type Account,
  ConnectionLimit,
} from "./relay/limits/connection_limit.ts";
import { defaultLimits, type Limits } from "./relay/limits/limits.ts";
import { MemoryBudget } from "./relay/limits/memory_budget.ts";
import { RateLimit } from "./relay/limits/rate_limit.ts";
import { SilentConnections } from "./relay/limits/silent_connections.ts";
import { LOOKS_PER_TIMEOUT } from "./relay/limits/stall_detector.ts";
import { type ClientConn, Port } from "./relay/port.ts";
import type { Protocol } from "./relay/protocol.ts";
import type { RelayCounters } from "./relay/relay_counters.ts";
import type { Request } from "./relay/request.ts";
import type { Watcher } from "./relay/watcher.ts";

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

/** Milliseconds from the connection to the 4003. */
const AUTHENTICATION_TIMEOUT = 10_000;

/** How a relay serves the secure protocol. */
export interface SecureOptions {
  /** Where clients come in, from `Deno.listenTls` with the relay's certificate; the relay closes it. */
  listener: Deno.TlsListener;
  /** The public half of the relay's key, 32 bytes. */
  relayKey: Uint8Array;
  /** Milliseconds for which a message waits at most, and for which a sending is remembered. */
  retention: number;
  /** Milliseconds in which a client has to authenticate. Default: 10,000. */
  authenticationTimeout?: number;
}

/** How a relay is started. */
export interface RelayOptions {
  /** Where clients come in, from `Deno.listen`; the relay closes it. */
  listener: Deno.TcpListener;
  /** Where users and messages are kept; the relay doesn't close it. */
  store: Store;
  /** The secure protocol, on a port of its own. Default: it isn't served. */
  secure?: SecureOptions | undefined;
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

type AnyConnection = Connection<Request<unknown>>;

/** A relay that listens. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #budget: MemoryBudget;
  readonly #limit: ConnectionLimit;
  readonly #handshakes: RateLimit;
  /** Without the bytes of open connections, which are added up when they are asked for. */
  readonly #counters = {
    accepted: 0,
    stuck: 0,
    silent: 0,
    refused: { connections: 0, connections_per_address: 0, handshakes: 0 },
    received: 0,
    sent: 0,
    secure: { connections: 0, handshakes: { completed: 0, failed: 0 } },
  };
  readonly #connections = new Map<AnyConnection, Promise<void>>();
  readonly #silent = new SilentConnections(this.#connections);
  /** Connections that made room for others, and so count no more. */
  readonly #displaced = new Set<AnyConnection>();
  readonly #lingering = new Lingering();
  readonly #turns = new LoopTurns();
  readonly #port: Port;
  readonly #secure: SecureProtocol | undefined;
  readonly #securePort: Port | undefined;
  readonly #looking: ReturnType<typeof setInterval>;
  #closing: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    const { store, secure, report = () => {} } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const { maxMessage, progressTimeout, registrationsPerMinute } = limits;
    this.#options = options;
    this.#limit = new ConnectionLimit(limits);
    this.#budget = new MemoryBudget(limits);
    this.#handshakes = new RateLimit(limits.secureHandshakes, 1000);
    this.#looking = setInterval(
      () => this.#closeStuck(),
      progressTimeout / LOOKS_PER_TIMEOUT,
    );
    const registrations = new RateLimit(registrationsPerMinute);
    const directory = new ClientsDirectory(store);
    const services = { store, limits, directory, registrations };
    const life = { signs: 0 };
    const dispatcher = new Dispatcher(services, report);
    this.#port = this.#openPort(
      options.listener,
      new LegacyProtocol(dispatcher, maxMessage),
      life,
    );
    if (secure === undefined) return;
    const shared = { ...secure, store, limits, registrations };
    this.#secure = new SecureProtocol(shared, report);
    this.#securePort = this.#openPort(secure.listener, this.#secure, life);
  }

  /** Where it listens. */
  get address(): Deno.NetAddr {
    return this.#port.address;
  }

  /** Where it listens for the secure protocol; undefined where it doesn't serve it. */
  get secureAddress(): Deno.NetAddr | undefined {
    return this.#securePort?.address;
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
    if (!this.#ports.every(({ canAccept }) => canAccept)) {
      return "not accepting";
    }
    const isFull = this.#limit.isReached && !this.#silent.hasAny;
    return isFull ? "full" : "accepting";
  }

  /** What it has counted since its start. */
  get counters(): RelayCounters {
    const { displaced, used: inflight } = this.#budget;
    const { secure, ...counted } = structuredClone(this.#counters);
    const held = this.#secure?.held.count ?? 0;
    const counters = { ...counted, inflight, secure: { ...secure, held } };
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

  get #ports(): readonly Port[] {
    return this.#securePort === undefined
      ? [this.#port]
      : [this.#port, this.#securePort];
  }

  #openPort<R extends Request<unknown>>(
    listener: Deno.Listener<ClientConn>,
    protocol: Protocol<R>,
    life: { signs: number },
  ): Port {
    const { watcher, report = () => {} } = this.#options;
    const shared = { protocol, budget: this.#budget, life, watcher };
    const loopback = { ...shared, closeGrace: CLOSE_GRACE.loopback };
    const remote = { ...shared, closeGrace: CLOSE_GRACE.remote };
    return new Port(listener, {
      serve: (conn) => {
        const { hostname } = conn.remoteAddr as Deno.NetAddr;
        const account = this.#limit.account(countedAddress(hostname));
        const transport = "handshake" in conn
          ? new TlsTransport(conn, this.#lingering, this.#turns)
          : conn;
        if (!this.#admit(account, transport)) return transport.close();
        const settings = isLoopback(hostname) ? loopback : remote;
        this.#serve(transport, account, settings);
      },
      ...protocol instanceof SecureProtocol && {
        room: () => this.#lingering.room(),
      },
      makeRoom: () => this.#makeRoom(),
      report,
    });
  }

  #serve<R extends Request<unknown>>(
    conn: Deno.TcpConn | TlsTransport,
    account: Account,
    options: ConnectionOptions<R>,
  ): void {
    try {
      prepare(conn);
    } catch {
      // It was reset before it was served.
      this.#limit.leave(account);
      return conn.close();
    }
    const { watcher } = this.#options;
    const number = ++this.#counters.accepted;
    const connection = new Connection(conn, account, number, options);
    watcher?.connected?.(number);
    const isSecure = conn instanceof TlsTransport;
    if (isSecure) this.#countSecure(conn);
    const late = this.#closeLate(connection);
    const gone = () => {
      clearTimeout(late);
      if (isSecure) this.#counters.secure.connections--;
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

  /** Counts a secure connection, and its handshake once that is over. */
  #countSecure(conn: TlsTransport): void {
    const { secure } = this.#counters;
    secure.connections++;
    conn.handshake.then(
      () => secure.handshakes.completed++,
      () => secure.handshakes.failed++,
    );
  }

  /** Closes a connection whose client doesn't authenticate in time, where it has to. */
  #closeLate(
    connection: AnyConnection,
  ): ReturnType<typeof setTimeout> | undefined {
    if (connection.isAuthenticated) return undefined;
    const { authenticationTimeout = AUTHENTICATION_TIMEOUT } =
      this.#options.secure ?? {};
    return setTimeout(() => {
      if (connection.isAuthenticated) return;
      this.#counters.stuck++;
      connection.close();
    }, authenticationTimeout);
  }

  #admit(account: Account, conn: Deno.TcpConn | TlsTransport): boolean {
    const isSecure = conn instanceof TlsTransport;
    if (isSecure && !this.#handshakes.admit(account.address)) {
      this.#counters.refused.handshakes++;
      return false;
    }
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
    const { drainTimeout = 5000 } = this.#options;
    await this.#acceptWaiting();
    await Promise.all(this.#ports.map((port) => port.close()));
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
    this.#lingering.end();
    this.#turns.end();
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

/** @throws {Error} where the connection is gone already */
function prepare(conn: Deno.TcpConn | TlsTransport): void {
  // An encrypted connection has neither.
  if (!("setKeepAlive" in conn)) return;
  conn.setNoDelay(true);
  // A client that is gone without a word must not stay for ever.
  conn.setKeepAlive(true);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
