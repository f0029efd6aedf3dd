/** An address of its own for a relay, which can be cut off at any byte. */

import { writeAll } from "../../../lab/harness/peer.ts";

/** Bytes that pass at once: few, so that the rest isn't through when it is cut. */
const STEP = 4096;

/** Listens on a free port and passes on what comes, in both directions. */
export class Forwarder implements AsyncDisposable {
  /** Bytes of requests after which it dies, in the middle of one. */
  requestBytes = Infinity;
  /** Bytes of answers after which it dies, the rest of the answer lost. */
  answerBytes = Infinity;
  /** Whether only its connections end then, and it takes new ones. */
  goesOn = false;
  /** Connections so far. */
  connections = 0;
  readonly address: { hostname: string; port: number };
  readonly #relay: { hostname: string; port: number };
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #served = this.#serveAll();
  #dead = false;

  /** @param relay where what comes is passed on to */
  constructor(relay: { hostname: string; port: number }) {
    this.#relay = relay;
    this.address = { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  /** From now on nobody is there. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#listener.close();
    this.#cut();
  }

  #cut(): void {
    for (const conn of this.#open) conn.close();
    this.#open.clear();
  }

  async #serveAll(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const conn of this.#listener) serving.push(this.#serve(conn));
    await Promise.all(serving);
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    this.connections++;
    this.#open.add(near);
    const far = await Deno.connect(this.#relay);
    if (this.#dead) return far.close();
    this.#open.add(far);
    await Promise.all([
      this.#pass(near, far, (size) => this.requestBytes -= size),
      this.#pass(far, near, (size) => this.answerBytes -= size),
    ]);
    for (const conn of [near, far]) {
      if (this.#open.delete(conn)) conn.close();
    }
  }

  /** @param count is told of bytes, and says how many more may pass */
  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    count: (size: number) => number,
  ): Promise<void> {
    const buffer = new Uint8Array(STEP);
    try {
      for (;;) {
        const size = await from.read(buffer);
        if (size === null) return await to.closeWrite();
        const left = count(size);
        await writeAll(to, buffer.subarray(0, Math.min(size, size + left)));
        if (left < 0) return this.goesOn ? this.#cut() : this.kill();
      }
    } catch {
      // Either side may go at any time, and then so does the other one.
      for (const conn of [from, to]) {
        if (this.#open.delete(conn)) conn.close();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#served;
  }
}
