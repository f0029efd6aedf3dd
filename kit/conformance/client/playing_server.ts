/**
 * Plays the server: takes any number of connections, cuts requests, has them
 * answered and notes all that came.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { blockPadding } from "../../../shared/wire/request_framer.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import {
  type RawResponse,
  type Responder,
  writeResponse,
} from "./responder.ts";
import { AnyServer } from "../../any_server.ts";
import type { Arrival } from "./arrival.ts";
import type { Bell } from "./player.ts";
import type { Cast } from "./cast.ts";
import { type CutRequest, Incoming } from "./incoming.ts";

/** Connections at once; further ones are closed. */
const MOST_CONNECTIONS = 64;
/** Requests in a step; behind them connections are closed. */
const MOST_REQUESTS = 256;
/** Bytes of all requests; behind them too. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Milliseconds before a response in which a client must not do anything. */
const LOOK = 15;
/** Milliseconds without a byte after which a begun request is taken as it is. */
const PATIENCE = 400;

/** A server that looks closely at its client. */
export class PlayingServer implements AsyncDisposable {
  /** Responses in place of the good responses; undefined where those will do. */
  responder: Responder | undefined;
  /** All requests, in the order in which they came. */
  readonly arrivals: Arrival[] = [];
  readonly #server: AnyServer;
  readonly #cast: Cast;
  readonly #bell: Bell;
  #left = MOST_REQUESTS;
  #bytesLeft = MOST_BYTES;
  #busy = 0;

  /**
   * @param cast answers
   * @param bell rings whenever something came or was answered
   */
  constructor(listener: Deno.TcpListener, cast: Cast, bell: Bell) {
    this.#cast = cast;
    this.#bell = bell;
    this.#server = new AnyServer(
      (conn, number) => this.#serve(conn, number),
      listener,
    );
  }

  /** Connections so far. */
  get connections(): number {
    return this.#server.connections;
  }

  /** Whether the client has asked more often than any client would. */
  get overrun(): boolean {
    return this.#left <= 0 || this.#bytesLeft <= 0;
  }

  /** Whether requests are being read or answered. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  /** The next requests count anew. */
  begin(responder: Responder | undefined): void {
    this.responder = responder;
    this.#left = MOST_REQUESTS;
  }

  /** Closes all connections that are open. */
  hangUp(): void {
    this.#server.hangUp();
  }

  async #serve(conn: Deno.TcpConn, connection: number): Promise<void> {
    if (this.#server.open > MOST_CONNECTIONS || this.overrun) return;
    this.#bell.ring();
    try {
      conn.setNoDelay();
      const incoming = new Incoming(conn, PATIENCE);
      for (;;) {
        const request = await incoming.next();
        if (
          request === null ||
          !(await this.#took(conn, connection, incoming, request))
        ) break;
      }
    } finally {
      this.#bell.ring();
    }
  }

  /** @returns whether the connection goes on */
  async #took(
    conn: Deno.TcpConn,
    connection: number,
    incoming: Incoming,
    request: CutRequest,
  ): Promise<boolean> {
    this.#left--;
    this.#bytesLeft -= request.bytes.length;
    if (this.overrun) return false;
    this.#busy++;
    try {
      const arrival: Arrival = {
        ...request,
        connection,
        expectedId: this.#cast.me?.clientId,
      };
      this.arrivals.push(arrival);
      this.#bell.ring();
      const before = await incoming.beforeResponse(arrival.bytes.length, LOOK);
      arrival.early = before.early;
      arrival.halfClosed = before.halfClosed &&
        !this.#cameEarly(connection);
      const good = await this.#responseTo(arrival);
      const response = before.padded ? inBlocks(good) : good;
      arrival.response = response.bytes;
      await writeResponse(conn, response);
      return !response.closes && !before.padded;
    } finally {
      this.#busy--;
      this.#bell.ring();
    }
  }

  /** Whether a client that didn't wait for its responses may be through with them. */
  #cameEarly(connection: number): boolean {
    return this.arrivals.some((one) =>
      one.connection === connection && one.early
    );
  }

  async #responseTo(arrival: Arrival): Promise<RawResponse> {
    // Which response it gets is settled when it has come.
    const responder = this.responder;
    const { dialect } = arrival;
    const good = async () =>
      encodeResponse(await this.#cast.response(arrival), { dialect });
    return await responder?.(arrival, good) ?? { bytes: await good() };
  }

  /** Stops listening and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** The response as clients read it that read whole blocks (DIA-5). */
function inBlocks({ bytes, ...rest }: RawResponse): RawResponse {
  const padding = blockPadding(bytes.length);
  return { ...rest, bytes: concat([bytes, new Uint8Array(padding)]) };
}
