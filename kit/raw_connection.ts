/**
 * Connections to a relay on which anything can be written.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { ByteSource } from "../shared/wire/byte_source.ts";
import {
  defaultDialect,
  type Dialect,
  responseMeant,
} from "../shared/wire/dialects.ts";
import { FormatError } from "../shared/wire/format_error.ts";
import { encodeRequest, responseCodec } from "../shared/wire/frames.ts";
import { type ClientId, ZERO_ID } from "../shared/wire/protocol.ts";
import type {
  RequestKind,
  RequestPayloads,
  Response,
} from "../shared/wire/requests.ts";
import {
  takeResponse,
  type WholeResponse,
} from "../shared/wire/response_framer.ts";
import { writeAll } from "../shared/folder/durable_files.ts";

/** Where a relay listens. */
export interface Address {
  /** A name or an IP address. */
  readonly hostname: string;
  /** The TCP port. */
  readonly port: number;
}

/** A connection, as far as one is needed here. */
export type Conn = Pick<
  Deno.TcpConn,
  "read" | "write" | "closeWrite" | "close" | "setNoDelay"
>;

/** A decoded response, and the version in its header. */
export type Responded = Response & { readonly version: number };

/** A connection that speaks the protocol, or doesn't. */
export class RawConnection implements Disposable {
  /** The connection itself. */
  readonly conn: Conn;
  /** What the relay has sent. */
  readonly source: ByteSource;
  /** Number of bytes of each read, in order. */
  readonly reads: number[] = [];

  constructor(conn: Conn) {
    this.conn = conn;
    this.source = new ByteSource(async (into) => {
      const count = await conn.read(into);
      if (count !== null) this.reads.push(count);
      return count;
    });
  }

  /** @throws {Error} if the relay can't be reached */
  static async connect(address: Address): Promise<RawConnection> {
    return new RawConnection(await Deno.connect(address));
  }

  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.conn, bytes);
  }

  /** The bytes of the next response; undefined at the end of the stream. */
  take(): Promise<WholeResponse | undefined> {
    return takeResponse(this.source);
  }

  /**
   * The next response.
   *
   * @throws {FormatError} if it has no such form in `dialect`
   * @throws {Error} at the end of the stream
   */
  async response(dialect: Dialect = defaultDialect): Promise<Responded> {
    const whole = await this.take();
    if (whole === undefined) {
      throw new Error("Expected a response, got the end");
    }
    const { version, code, payload } = whole;
    const meant = responseMeant(dialect, code);
    if (meant === undefined) {
      throw new FormatError(`responseHeader.code: no response has ${code}`);
    }
    return {
      code: meant,
      payload: responseCodec(meant).decode(payload),
      version,
    };
  }

  /** Sends a request in one write, and returns its response. */
  async ask<K extends RequestKind>(
    kind: K,
    payload: RequestPayloads[K],
    clientId: ClientId = ZERO_ID,
    dialect: Dialect = defaultDialect,
  ): Promise<Responded> {
    await this.write(encodeRequest(kind, payload, { clientId, dialect }));
    return await this.response(dialect);
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/**
 * A connection of which nothing is read before it is asked for, and whose close
 * is a reset. Deno's own ends its half before it closes, which a server that
 * reads the end first takes for an orderly one.
 */
export class SocketConn implements Conn, Disposable {
  readonly #socket: Socket;
  #ended = false;
  #error: Error | undefined;
  #changed = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.pause();
    socket.on("connect", () => this.#wake());
    socket.on("error", (error) => this.#error = error);
    for (const event of ["end", "error", "close"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /**
   * @param localAddress the address to connect from. Default: the system's choice
   * @throws {Error} if the connection is refused
   */
  static async connect(
    { hostname: host, port }: Address,
    localAddress?: string,
  ): Promise<SocketConn> {
    const conn = new SocketConn(
      connect({
        host,
        port,
        allowHalfOpen: true,
        ...localAddress === undefined ? {} : { localAddress },
      }),
    );
    while (conn.#socket.connecting) await conn.#changed.promise;
    if (conn.#error !== undefined) throw conn.#error;
    return conn;
  }

  /** Whether the relay has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Fills some of `into`; null at the end of the stream.
   *
   * @throws {Error} if the connection broke
   */
  async read(into: Uint8Array): Promise<number | null> {
    const socket = this.#socket;
    const wake = () => this.#wake();
    for (;;) {
      const size = Math.min(into.length, socket.readableLength);
      const chunk: Uint8Array | null = size > 0 ? socket.read(size) : null;
      if (chunk !== null) {
        into.set(chunk);
        return chunk.length;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return null;
      const { promise } = this.#changed;
      socket.read(0);
      socket.on("readable", wake);
      await promise;
      socket.off("readable", wake);
    }
  }

  /** @throws {Error} if the connection broke */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      const broke = () => reject(this.#error ?? new Error("It is closed"));
      this.#socket.once("close", broke);
      this.#socket.write(bytes, (error) => {
        this.#socket.off("close", broke);
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
  }

  /** Ends our half. */
  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  /** Whether small writes go out at once. */
  setNoDelay(noDelay?: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  /** Resets the connection. */
  close(): void {
    this.#socket.resetAndDestroy();
  }

  /** Closes the connection, in good order unless bytes are unread. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Resets the connection. */
  [Symbol.dispose](): void {
    this.close();
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
