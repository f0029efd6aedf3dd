/** Servers that treat their clients as a test says, well or badly. */

import { ByteSource } from "../../shared/wire/byte_source.ts";
import { arrivingRequest } from "../../shared/wire/request_framer.ts";
import type { RequestHeader } from "../../shared/wire/frames.ts";

/** Serves a connection, which is closed afterwards. */
export type Serve = (conn: Deno.TcpConn) => Promise<void>;

/** Listens on a free port and serves any number of connections at a time. */
export class AnyServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepted: Promise<void>;
  /** Connections so far. */
  connections = 0;

  constructor(serve: Serve) {
    this.#accepted = this.#accept(serve);
  }

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
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
          error instanceof Deno.errors.Interrupted;
        // Otherwise a client was gone before it was accepted.
        return isOver ? null : undefined;
      });
      if (conn === null) return;
      if (conn === undefined) continue;
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
      // A client may break its connection at any time.
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

/** Size in bytes of the largest payload that is read: of a larger one the start. */
const MOST_PAYLOAD = 1_000_000;

/** A request as it came. */
export interface Asked {
  header: RequestHeader;
  payload: Uint8Array;
  /** Bytes of the first read: all of it if it came in one write. */
  firstRead: number;
}

/** Responds to a request on its connection, which is closed afterwards. */
export type Script = (
  asked: Asked,
  conn: Deno.TcpConn,
) => Promise<void> | void;

/** Reads one request a connection and runs the script of the moment. */
export class ScriptedServer extends AnyServer {
  /** What is done with each request. */
  script: Script = () => {};
  /** All requests so far. */
  readonly asked: Asked[] = [];
  #failure: { error: unknown } | undefined;

  constructor() {
    super((conn) => this.#read(conn));
  }

  async #read(conn: Deno.TcpConn): Promise<void> {
    let firstRead: number | undefined;
    const source = new ByteSource(async (into) => {
      const count = await conn.read(into);
      firstRead ??= count ?? 0;
      return count;
    });
    const start = await arrivingRequest(source);
    if (start === undefined) return;
    const { header, headerSize } = start;
    await source.skip(headerSize);
    const size = Math.min(header.payloadSize, MOST_PAYLOAD);
    const payload = await source.take(size);
    if (payload === null) return;
    const asked = { header, payload, firstRead: firstRead ?? 0 };
    this.asked.push(asked);
    try {
      await this.script(asked, conn);
    } catch (error) {
      // The client may have closed before the script was through.
      if (error instanceof Deno.errors.BrokenPipe) return;
      this.#failure ??= { error };
    }
  }

  /** @throws {unknown} what a script threw */
  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
