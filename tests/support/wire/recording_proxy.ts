/** Passes bytes between clients and a server on, and records them as segments. */

import { writeAll } from "../../../shared/folder/durable_files.ts";
import { closeConn } from "../../../kit/close_conn.ts";
import type { Direction } from "../../../kit/dissect/dissector.ts";
import { MadeConnection, type MadeSegment } from "./capture.ts";

/** Records connections; each becomes one of a capture. */
export class RecordingProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: Deno.ConnectOptions;
  readonly #recorded: [Direction, Uint8Array][][] = [];
  readonly #open = new Set<Deno.Conn>();
  readonly #done: Promise<void>;

  private constructor(target: Deno.ConnectOptions) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#done = this.#serve();
  }

  /** Starts on a free port. */
  static start(
    { hostname, port }: { hostname: string; port: number },
  ): Promise<RecordingProxy> {
    return Promise.resolve(new RecordingProxy({ hostname, port }));
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** All that passed, as if the server listened on a port. */
  segments(serverPort: number): MadeSegment[] {
    return this.#recorded.flatMap((parts, index) => {
      const clientPort = 40000 + index;
      const made = new MadeConnection({ clientPort, serverPort }).open();
      for (const [direction, bytes] of parts) made.send(direction, bytes);
      return made.segments;
    });
  }

  async #serve(): Promise<void> {
    const serving: Promise<unknown>[] = [];
    try {
      for await (const near of this.#listener) {
        const far = await Deno.connect(this.#target);
        const parts: [Direction, Uint8Array][] = [];
        this.#recorded.push(parts);
        this.#open.add(near).add(far);
        const pass = (direction: Direction, from: Deno.Conn, to: Deno.Conn) =>
          this.#pass(from, to, (bytes) => parts.push([direction, bytes]));
        serving.push(pass("request", near, far), pass("answer", far, near));
      }
    } finally {
      await Promise.all(serving);
    }
  }

  async #pass(
    from: Deno.Conn,
    to: Deno.Conn,
    record: (bytes: Uint8Array) => void,
  ): Promise<void> {
    const into = new Uint8Array(16 * 1024);
    try {
      for (let size; (size = await from.read(into)) !== null;) {
        const bytes = into.slice(0, size);
        record(bytes);
        await writeAll(to, bytes);
      }
      await to.closeWrite();
    } catch {
      // One side has gone; so does the other.
      closeConn(to);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) closeConn(conn);
    await this.#done;
  }
}
