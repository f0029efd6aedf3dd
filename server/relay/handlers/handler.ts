/**
 * What every handler is: one request in, one response out. A handler never sees
 * a socket.
 *
 * @module
 */

import type { Dialect } from "../../../shared/wire/dialects.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type {
  RequestKind,
  RequestPayloads,
} from "../../../shared/wire/requests.ts";
import type { ResponseMemory, Store } from "../../store/store.ts";
import type { ClientsDirectory } from "../clients_directory.ts";
import type { Limits } from "../limits/limits.ts";
import type { RateLimit } from "../limits/rate_limit.ts";
import type { Response } from "../response.ts";

/** What all requests share. */
export interface Services {
  /** Where users and messages are kept. */
  store: Store;
  /** The list of clients, encoded. */
  directory: ClientsDirectory;
  /** Limits registrations by address. */
  registrations: RateLimit;
  /** What a client may have. */
  limits: Limits;
}

/** What a handler works with. */
export interface Context extends Services {
  /** The requester: a registered client, except in a registration. */
  client: ClientId;
  /** Position of the requester in the client list; undefined for a registration. */
  position: number | undefined;
  /** The dialect of the request, and so of its response. */
  dialect: Dialect;
  /** Where the request comes from, as limits count it. */
  address: string;
  /** When the request was read. */
  now: Date;
  /** Is asked for room before much is read. */
  memory: ResponseMemory;
}

/** Handles one kind of request. */
export type Handler<K extends RequestKind> = (
  payload: RequestPayloads[K],
  context: Context,
) => Promise<Response>;
