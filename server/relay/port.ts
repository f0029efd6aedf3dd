import { reasonOf } from "../../shared/cli/reason.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Milliseconds to wait after a failed accept, such as for want of file descriptors. */
const ACCEPT_PAUSE = 100;

/** A connection from a client, encrypted or not. */
export type ClientConn = Deno.TcpConn | Deno.TlsConn;

/** What becomes of the connections of a {@linkcode Port}. */
export interface PortOptions {
  /** Serves a connection. */
  serve(conn: ClientConn): void;
  /** Closes a connection that can make room; returns whether there was one. */
  makeRoom(): boolean;
  /** Resolves once another connection may be accepted. Default: at any time. */
  room?(): Promise<void>;
  /** Is told once when connections can't be accepted any more. */
  report(error: unknown): void;
}

/** A port that accepts connections. */
export class Port {
  readonly #listener: Deno.Listener<ClientConn>;
  readonly #options: PortOptions;
  readonly #accepting: Promise<void>;
  #isListening = true;
  #canAccept = true;

  /** @param listener is closed with the port */
  constructor(listener: Deno.Listener<ClientConn>, options: PortOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#accepting = this.#acceptAll();
  }

  /** Where it listens. */
  get address(): Deno.NetAddr {
    return this.#listener.addr as Deno.NetAddr;
  }

  /** Whether connections could be accepted when it last tried. */
  get canAccept(): boolean {
    return this.#canAccept;
  }

  /** Accepts no more. */
  async close(): Promise<void> {
    this.#isListening = false;
    this.#listener.close();
    await this.#accepting;
  }

  async #acceptAll(): Promise<void> {
    const { serve, makeRoom, room, report } = this.#options;
    while (this.#isListening) {
      try {
        await room?.();
        serve(await this.#accept());
        this.#canAccept = true;
      } catch (error) {
        if (!this.#isListening) return;
        // Reset before it was accepted: the client's affair.
        if (hasCode(error, "ENOTCONN", "ECONNRESET", "ECONNABORTED")) continue;
        // Once: it may go on for as long as all connections stay.
        if (this.#canAccept) {
          report(new Error(`Can't accept a connection: ${reasonOf(error)}`));
        }
        this.#canAccept = false;
        // The descriptor is free once the event loop has come round.
        const pause = makeRoom() ? 1 : ACCEPT_PAUSE;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  async #accept(): Promise<ClientConn> {
    const accepted = this.#listener.accept();
    if (this.#canAccept) return await accepted;
    // It fails at once, or there are descriptors again, though no client comes.
    const timer = setTimeout(() => this.#canAccept = true, ACCEPT_PAUSE);
    try {
      return await accepted;
    } finally {
      clearTimeout(timer);
    }
  }
}
