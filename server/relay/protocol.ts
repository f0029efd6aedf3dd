/**
 * What differs between the protocols that a relay speaks: how requests are
 * framed, and what handles them. All else is the connection's.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type {
  ConnectionMemory,
  RequestMemory,
} from "./limits/connection_memory.ts";
import type { Request } from "./request.ts";
import type { RequestStream } from "./request_stream.ts";
import type { Response } from "./response.ts";

/** Handles a request that was begun. It never rejects. */
export type Handle = () => Promise<Response>;

/** What handles the requests of one connection. */
export interface Session<R> {
  /** Whether it may stay as long as it wants; without that it has a few seconds. */
  readonly isAuthenticated: boolean;
  /**
   * Begins a request. It never rejects.
   *
   * @param address where it comes from, as limits count it
   * @param memory is asked for room for the response
   * @returns what handles it. Of two requests the one that is handled first is
   * the first for the store
   */
  begin(request: R, address: string, memory: RequestMemory): Promise<Handle>;
  /** Lets a request that is held respond at once. */
  drain?(): void;
}

/** The connection as a protocol sees it. */
export type Owner = Pick<
  Connection<never>,
  "observe" | "headerArrived" | "interrupted"
>;

/** One of the protocols. `R` is a request as it is framed. */
export interface Protocol<
  R extends Request<unknown>,
  S extends Session<R> = Session<R>,
> {
  /** What handles the requests of a connection. */
  session(connection: Owner): S;
  /** Cuts what arrives on a connection into requests. */
  requests(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
    connection: Owner,
    session: S,
  ): RequestStream<R>;
}
