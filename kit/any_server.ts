/**
 * A server whose connections the caller serves.
 *
 * @module
 */

import { hasCode } from "../shared/platform/system_error.ts";

/**
 * Serves a connection; it is closed afterwards.
 *
 * @param number the connection's number, from 1
 */
export type Serve = (conn: Deno.TcpConn, number: number) => Promise<void>;

/** Accepts connections until it is closed. */
export class AnyServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepted: Promise<void>;
  /** Number of connections so far. */
  connections = 0;

  /** @param listener its listener. Default: a free port of the loopback */
  constructor(
    serve: Serve,
    listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  ) {
    this.#listener = listener;
    this.#accepted = this.#accept(serve);
  }

  /** Its address on the loopback. */
  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  /** Number of open connections. */
  get open(): number {
    return this.#open.size;
  }

  /** Closes all open connections. */
  hangUp(): void {
    for (const conn of this.#open) this.#end(conn);
  }

  /** Accepts no more connections. */
  close(): void {
    try {
      this.#listener.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #accept(serve: Serve): Promise<void> {
    for (;;) {
      const conn = await this.#listener.accept().catch((error) => {
        const isOver = error instanceof Deno.errors.BadResource ||
          hasCode(error, "EINTR");
        // Otherwise a client was gone before it was accepted.
        return isOver ? null : undefined;
      });
      if (conn === null) return;
      if (conn === undefined) continue;
      this.#open.add(conn);
      const served = this.#serve(conn, serve, ++this.connections);
      this.#serving.add(served);
      served.finally(() => this.#serving.delete(served));
    }
  }

  async #serve(
    conn: Deno.TcpConn,
    serve: Serve,
    number: number,
  ): Promise<void> {
    try {
      await serve(conn, number);
    } catch {
      // A client may break its connection at any time.
    } finally {
      this.#end(conn);
    }
  }

  #end(conn: Deno.TcpConn): void {
    if (this.#open.delete(conn)) conn.close();
  }

  /** Stops listening and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.hangUp();
    await this.#accepted;
    await Promise.all(this.#serving);
  }
}
