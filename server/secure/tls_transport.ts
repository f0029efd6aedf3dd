import type { Transport } from "../relay/connection.ts";
import type { LoopTurns } from "./loop_turns.ts";

/** Ended connections that the system may still have, of all clients together. */
const MOST_LINGERING = 10_000;

/** Ended connections that the system still has. */
export class Lingering {
  readonly #most: number;
  readonly #conns = new Set<Deno.TlsConn>();
  #room: PromiseWithResolvers<void> | undefined;

  /** @param most how many leave room for others. Default: 10,000 */
  constructor(most: number = MOST_LINGERING) {
    this.#most = most;
  }

  /** How many there are. */
  get count(): number {
    return this.#conns.size;
  }

  /** Resolves while few linger: more clients would use up the descriptors of all. */
  async room(): Promise<void> {
    while (this.#conns.size >= this.#most) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
  }

  /** Closes a connection once what is under way on it has settled. */
  async closeBehind(
    conn: Deno.TlsConn,
    underWay: readonly unknown[],
  ): Promise<void> {
    this.#conns.add(conn);
    await Promise.allSettled(underWay);
    this.#close(conn);
  }

  /** Closes them all: the relay ends. */
  end(): void {
    for (const conn of this.#conns) this.#close(conn);
  }

  #close(conn: Deno.TlsConn): void {
    if (!this.#conns.delete(conn)) return;
    conn.close();
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/**
 * An encrypted connection that ends at once for the relay. The runtime closes a
 * socket only behind the handshake and behind all that was written, which a
 * client can put off for ever: such a connection lingers, and is counted.
 */
export class TlsTransport implements Transport {
  /** Resolves once the handshake is over; rejects if it fails. */
  readonly handshake: Promise<unknown>;
  readonly #conn: Deno.TlsConn;
  readonly #lingering: Lingering;
  readonly #turns: LoopTurns;
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;
  /** The last write: those before it settle no later. */
  #lastWrite: Promise<unknown> | undefined;

  /**
   * @param lingering has it once it is closed
   * @param turns let other connections have their turn
   */
  constructor(conn: Deno.TlsConn, lingering: Lingering, turns: LoopTurns) {
    this.#conn = conn;
    this.#lingering = lingering;
    this.#turns = turns;
    this.handshake = conn.handshake();
    // A failed one is closed as any other.
    this.handshake.catch(() => {});
  }

  /** Resolves once it is closed: what is under way may settle much later. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Reads bytes. @throws {Error} where the connection breaks, or was closed */
  read(into: Uint8Array): Promise<number | null> {
    const turn = this.#turn();
    return turn === undefined
      ? this.#conn.read(into)
      : turn.then(() => this.#conn.read(into));
  }

  /** Writes bytes. @throws {Error} where the connection breaks, or was closed */
  write(bytes: Uint8Array): Promise<number> {
    const turn = this.#turn();
    return turn === undefined
      ? this.#lastWrite = this.#conn.write(bytes)
      : turn.then(() => this.#lastWrite = this.#conn.write(bytes));
  }

  /** Ends the relay's side. @throws {Error} where the connection breaks, or was closed */
  async closeWrite(): Promise<void> {
    await this.#turn();
    await (this.#lastWrite = this.#conn.closeWrite());
  }

  /**
   * The turn in which something may begin; undefined for this one.
   *
   * @throws {Error} where it was closed, also by then
   */
  #turn(): Promise<void> | undefined {
    this.#refuseClosed();
    return this.#turns.wait()?.then(() => this.#refuseClosed());
  }

  #refuseClosed(): void {
    if (!this.#isClosed) return;
    throw new Deno.errors.Interrupted("The connection is closed");
  }

  /** Ends it for the relay at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // It doesn't reject.
    void this.#lingering.closeBehind(this.#conn, [
      this.handshake,
      this.#lastWrite,
    ]);
    this.#closed.resolve();
  }
}
