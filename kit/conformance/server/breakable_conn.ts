import { Socket } from "node:net";
import type { Address } from "../../../shared/folder/info_server.ts";

/** What a channel needs of a connection. */
export type Conn = Pick<
  Deno.TcpConn,
  "read" | "write" | "closeWrite" | "close" | "setNoDelay"
>;

/**
 * A connection whose close is a reset and nothing else. Deno's own ends its
 * half before it closes: a server that reads the end first has every reason to
 * take it for an orderly one.
 */
export class BreakableConn implements Conn {
  readonly #socket: Socket;
  #over = false;
  #error: Error | undefined;
  #changed = Promise.withResolvers<void>();

  private constructor() {
    this.#socket = new Socket({ allowHalfOpen: true });
    const wake = () => this.#wake();
    this.#socket.on("connect", wake).on("readable", wake);
    this.#socket.on("end", () => this.#end());
    this.#socket.on("close", () => this.#end());
    this.#socket.on("error", (error) => {
      this.#error = error;
      this.#end();
    });
  }

  /** @throws {Error} where nobody accepts */
  static async connect({ hostname, port }: Address): Promise<BreakableConn> {
    const conn = new BreakableConn();
    conn.#socket.connect(port, hostname);
    while (conn.#socket.connecting) await conn.#changed.promise;
    if (conn.#error !== undefined) throw conn.#error;
    return conn;
  }

  /**
   * Resolves to null at the end of the stream.
   *
   * @throws {Error} where the connection broke
   */
  async read(into: Uint8Array): Promise<number | null> {
    while (this.#socket.readableLength === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#over) return null;
      await this.#changed.promise;
    }
    const size = Math.min(into.length, this.#socket.readableLength);
    const chunk: Uint8Array | null = this.#socket.read(size);
    if (chunk === null) return null;
    into.set(chunk);
    return chunk.length;
  }

  /** @throws {Error} where the connection broke */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#socket.write(
        bytes,
        (error) => error ? reject(error) : resolve(bytes.length),
      )
    );
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  setNoDelay(noDelay?: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  /** Resets. */
  close(): void {
    this.#socket.resetAndDestroy();
  }

  #end(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
