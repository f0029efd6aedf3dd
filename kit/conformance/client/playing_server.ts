/**
 * Plays the server: takes any number of connections, cuts requests, has them
 * answered and notes all that came.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { blockPadding } from "../../../shared/wire/request_framer.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import { type Answer, type Answering, writeAnswer } from "./answering.ts";
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
/** Milliseconds before an answer in which a client must not do anything. */
const LOOK = 15;
/** Milliseconds without a byte after which a begun request is taken as it is. */
const PATIENCE = 400;

/** A server that looks closely at its client. */
export class PlayingServer implements AsyncDisposable {
  /** Answers in place of the good answers; undefined where those will do. */
  answering: Answering | undefined;
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
  begin(answering: Answering | undefined): void {
    this.answering = answering;
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
      const before = await incoming.beforeAnswer(arrival.bytes.length, LOOK);
      arrival.early = before.early;
      arrival.halfClosed = before.halfClosed &&
        !this.#cameEarly(connection);
      const good = await this.#answerTo(arrival);
      const answer = before.padded ? inBlocks(good) : good;
      arrival.answer = answer.bytes;
      await writeAnswer(conn, answer);
      return !answer.closes && !before.padded;
    } finally {
      this.#busy--;
      this.#bell.ring();
    }
  }

  /** Whether a client that didn't wait for its answers may be through with them. */
  #cameEarly(connection: number): boolean {
    return this.arrivals.some((one) =>
      one.connection === connection && one.early
    );
  }

  async #answerTo(arrival: Arrival): Promise<Answer> {
    // Which answer it gets is settled when it has come.
    const answering = this.answering;
    const { dialect } = arrival;
    const good = async () =>
      encodeResponse(await this.#cast.answer(arrival), { dialect });
    return await answering?.(arrival, good) ?? { bytes: await good() };
  }

  /** Stops listening and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** The answer as clients read it that read whole blocks (DIA-5). */
function inBlocks({ bytes, ...rest }: Answer): Answer {
  const padding = blockPadding(bytes.length);
  return { ...rest, bytes: concat([bytes, new Uint8Array(padding)]) };
}
