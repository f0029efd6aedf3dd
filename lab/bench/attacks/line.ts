/**
 * A connection from a chosen address of the loopback, whose bytes are read one
 * call at a time: what isn't asked for stays in the system's buffers.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { once } from "node:events";

/** A connection. */
export class Line implements Disposable {
  readonly #socket: Socket;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => this.#ended = true);
    socket.on("end", () => this.#ended = true);
    socket.on("close", () => this.#ended = true);
  }

  /** @throws {Error} where the connection is refused */
  static async open(port: number, from: string): Promise<Line> {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    socket.pause();
    const line = new Line(socket);
    await once(socket, "connect");
    return line;
  }

  /** Whether the relay has closed it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Fills some of `into`; null at the end. */
  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const size = Math.min(into.length, this.#socket.readableLength);
      const chunk = size > 0 ? this.#socket.read(size) as Uint8Array : null;
      if (chunk !== null) {
        into.set(chunk);
        return chunk.length;
      }
      if (this.#ended) return null;
      this.#socket.read(0);
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#socket.off("readable", done);
          this.#socket.off("close", done);
          this.#socket.off("error", done);
          resolve();
        };
        this.#socket.on("readable", done);
        this.#socket.on("close", done);
        this.#socket.on("error", done);
      });
    }
  }

  /** Resolves once the system has taken all of it, or the connection has ended. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("close", resolve);
      this.#socket.write(bytes, () => {
        this.#socket.off("close", resolve);
        resolve();
      });
    });
  }

  /** Closes at once. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
