/** A server that responds as a test says, well or badly. */

import { AnyServer } from "../../kit/any_server.ts";
import { ByteSource } from "../../shared/wire/byte_source.ts";
import { arrivingRequest } from "../../shared/wire/request_framer.ts";
import type { RequestHeader } from "../../shared/wire/frames.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

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
      if (hasCode(error, "EPIPE", "ECONNRESET", "ECONNABORTED")) return;
      this.#failure ??= { error };
    }
  }

  /** @throws {unknown} what a script threw */
  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
