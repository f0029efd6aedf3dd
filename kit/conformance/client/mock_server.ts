/**
 * A server for a checked client: records each request and responds.
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
import type { Bell } from "./client_user.ts";
import type { Scenario } from "./scenario.ts";
import { type CutRequest, Incoming } from "./incoming.ts";

/** Largest number of open connections. */
const MOST_CONNECTIONS = 64;
/** Largest number of requests in a step. */
const MOST_REQUESTS = 256;
/** Largest size in bytes of all requests together. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Milliseconds before a response in which the client must be silent. */
const LOOK = 15;
/** Milliseconds without a byte after which an incomplete request counts as complete. */
const PATIENCE = 400;

/** Serves a scenario to the checked client. */
export class MockServer implements AsyncDisposable {
  /** Responds in place of the scenario; undefined for sound responses. */
  responder: Responder | undefined;
  /** All requests, in order of arrival. */
  readonly arrivals: Arrival[] = [];
  readonly #server: AnyServer;
  readonly #scenario: Scenario;
  readonly #bell: Bell;
  #left = MOST_REQUESTS;
  #bytesLeft = MOST_BYTES;
  #busy = 0;

  /**
   * @param scenario responds to requests
   * @param bell rings on each request and response
   */
  constructor(listener: Deno.TcpListener, scenario: Scenario, bell: Bell) {
    this.#scenario = scenario;
    this.#bell = bell;
    this.#server = new AnyServer(
      (conn, number) => this.#serve(conn, number),
      listener,
    );
  }

  /** Number of connections so far. */
  get connections(): number {
    return this.#server.connections;
  }

  /** Whether the client made more requests than the limits allow. */
  get overrun(): boolean {
    return this.#left <= 0 || this.#bytesLeft <= 0;
  }

  /** Whether a request is in progress. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  /** Begins a step, with a new limit of requests. */
  begin(responder: Responder | undefined): void {
    this.responder = responder;
    this.#left = MOST_REQUESTS;
  }

  /** Closes all open connections. */
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
        expectedId: this.#scenario.me?.clientId,
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

  /** Whether the client sent a request before the last response. */
  #cameEarly(connection: number): boolean {
    return this.arrivals.some((one) =>
      one.connection === connection && one.early
    );
  }

  async #responseTo(arrival: Arrival): Promise<RawResponse> {
    // A later step may replace the responder meanwhile.
    const responder = this.responder;
    const { dialect } = arrival;
    const good = async () =>
      encodeResponse(await this.#scenario.response(arrival), { dialect });
    return await responder?.(arrival, good) ?? { bytes: await good() };
  }

  /** Stops listening and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** Pads a response to whole blocks (DIA-5). */
function inBlocks({ bytes, ...rest }: RawResponse): RawResponse {
  const padding = blockPadding(bytes.length);
  return { ...rest, bytes: concat([bytes, new Uint8Array(padding)]) };
}
