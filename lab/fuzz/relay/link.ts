/**
 * A connection to the relay that can do all that a client can: also reset,
 * end its half, and not read.
 *
 * @module
 */

import { RawConnection, SocketConn } from "../../../kit/raw_connection.ts";
import { inTime } from "../../../shared/cli/time.ts";
import type { WholeResponse } from "../../../shared/wire/response_framer.ts";
import { FuzzFailure, PATIENCE } from "../failure.ts";

/** One connection; nothing is read before it is asked for. */
export class Link {
  readonly #conn: SocketConn;
  readonly #raw: RawConnection;

  private constructor(conn: SocketConn) {
    this.#conn = conn;
    this.#raw = new RawConnection(conn);
    conn.setNoDelay(true);
  }

  /** @throws {FuzzFailure} where the relay doesn't accept */
  static async connect(port: number): Promise<Link> {
    const conn = await owed(
      "a connection",
      SocketConn.connect({ hostname: "127.0.0.1", port }),
    );
    if (conn === undefined) throw new FuzzFailure("a connection", "none");
    return new Link(conn);
  }

  /** Resolves once the bytes are with the system, or can't be any more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.#conn.write(bytes).catch(() => {});
  }

  /** Ends our half. */
  end(): void {
    this.#conn.closeWrite().catch(() => {});
  }

  /** Closes; the system resets where something is unread. */
  close(): void {
    this.#conn.destroy();
  }

  /** Resets, and waits until that is done. */
  async reset(): Promise<void> {
    this.#conn.close();
    await this.over();
  }

  /** The next response; undefined where the relay ended or broke off instead. */
  async response(): Promise<WholeResponse | undefined> {
    return await owed("an answer", this.#raw.take());
  }

  /** Waits for the relay's end of the stream, or for that of the connection. */
  async over(): Promise<{ how: "end" | "reset"; left: Uint8Array }> {
    const { source } = this.#raw;
    const how = await owed(
      "the relay's end",
      source.has(Infinity).then(() => "end" as const),
    );
    return { how: how ?? "reset", left: source.peek(source.buffered) };
  }
}

/** What the relay owes in time; undefined where the connection broke. */
async function owed<T>(
  what: string,
  coming: Promise<T>,
): Promise<T | undefined> {
  const late = Symbol();
  const came = await inTime(coming.catch(() => undefined), PATIENCE, late);
  if (came !== late) return came as T | undefined;
  throw new FuzzFailure(what, `nothing within ${PATIENCE} ms`);
}
