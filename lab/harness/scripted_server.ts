/** A server that answers as a test says, well or badly. */

import { ByteSource } from "../../shared/wire/byte_source.ts";
import { type RequestHeader, requestHeader } from "../../shared/wire/frames.ts";

/** A request as it came. */
export interface Asked {
  header: RequestHeader;
  payload: Uint8Array;
  /** Bytes of the first read: all of it, where it came in one write. */
  firstRead: number;
}

/** Answers a request on its connection, which is closed afterwards. */
export type Script = (
  asked: Asked,
  conn: Deno.TcpConn,
) => Promise<void> | void;

/** Listens on a free port and runs the script of the moment. */
export class ScriptedServer implements AsyncDisposable {
  /** What is done with each request. */
  script: Script = () => {};
  /** All requests so far. */
  readonly asked: Asked[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #served = this.#serveAll();

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  async #serveAll(): Promise<void> {
    for await (const conn of this.#listener) {
      try {
        await this.#serve(conn);
      } catch (error) {
        // A client may have closed before the script was through.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      } finally {
        conn.close();
      }
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    let firstRead: number | undefined;
    const source = new ByteSource(async (into) => {
      const count = await conn.read(into);
      firstRead ??= count ?? 0;
      return count;
    });
    const head = await source.take(23);
    if (head === null) return;
    const header = requestHeader.decode(head);
    // Of a large one only the start is read, as servers do that refuse it.
    const size = Math.min(header.payloadSize, 1_000_000);
    const payload = await source.take(size);
    if (payload === null) return;
    const asked = { header, payload, firstRead: firstRead ?? 0 };
    this.asked.push(asked);
    await this.script(asked, conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#served;
  }
}
