/** A server that does with each connection what a test says, many at a time. */

/** Serves a connection, which is closed afterwards. */
export type Serve = (conn: Deno.TcpConn) => Promise<void>;

/** Listens on a free port. */
export class AnyServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepted: Promise<void>;
  /** Connections so far. */
  connections = 0;

  /** Serves until it is disposed of. */
  constructor(serve: Serve) {
    this.#accepted = this.#accept(serve);
  }

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  /** Takes no more connections. */
  close(): void {
    try {
      this.#listener.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #accept(serve: Serve): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      this.#open.add(conn);
      const served = this.#serve(conn, serve);
      this.#serving.add(served);
      served.finally(() => this.#serving.delete(served));
    }
  }

  async #serve(conn: Deno.TcpConn, serve: Serve): Promise<void> {
    try {
      await serve(conn);
    } catch {
      // Whatever a client does to its connection is its own affair.
    } finally {
      if (this.#open.delete(conn)) conn.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    for (const conn of this.#open) {
      this.#open.delete(conn);
      conn.close();
    }
    await this.#accepted;
    await Promise.all(this.#serving);
  }
}
