/**
 * What every handler is: one request in, one answer out. A handler never sees
 * a socket.
 *
 * @module
 */

import type { ClientId, RequestKind } from "../../shared/protocol.ts";
import type { RequestPayloads } from "../../shared/requests.ts";
import type { Response } from "../../shared/responses.ts";
import type { Store } from "../store/store.ts";

/** What a handler works with. */
export interface Context {
  /** Where users and messages are kept. */
  store: Store;
  /** Who asks: a registered client, except in a registration. */
  client: ClientId;
  /** When the request was read. */
  now: Date;
}

/** What a handler answers. */
export interface Answer {
  /** What goes back. */
  response: Response;
  /** To be done once the client has shown that it took the whole answer. */
  taken?: () => Promise<void>;
}

/** Answers one kind of request. */
export type Handler<K extends RequestKind> = (
  payload: RequestPayloads[K],
  context: Context,
) => Promise<Answer>;
