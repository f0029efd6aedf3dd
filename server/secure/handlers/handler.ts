/**
 * What every handler of the secure protocol is: one request in, one response
 * out. A handler never sees a socket.
 *
 * @module
 */

import type {
  SecureRequestKind,
  SecureRequestPayloads,
} from "../../../shared/secure/secure_requests.ts";
import type { Limits } from "../../relay/limits/limits.ts";
import type { RateLimit } from "../../relay/limits/rate_limit.ts";
import type { Response } from "../../relay/response.ts";
import type { RequestMemory } from "../../relay/limits/connection_memory.ts";
import type { Store } from "../../store/store.ts";
import type { SecureRates } from "../rates.ts";
import type { SecureSession } from "../secure_session.ts";

/** What all requests share. */
export interface SecureServices {
  /** Where accounts and mailboxes are kept. */
  store: Store;
  /** What a client may have. */
  limits: Limits;
  /** Limits registrations by address, those of both protocols together. */
  registrations: RateLimit;
  /** Limits what a device, or an address, asks for. */
  rates: SecureRates;
  /** The public half of the relay's key, 32 bytes. */
  relayKey: Uint8Array;
  /** Milliseconds for which a message waits at most, and for which a sending is remembered. */
  retention: number;
}

/** What a handler works with. */
export interface SecureContext extends SecureServices {
  /** What the connection has shown. */
  session: SecureSession;
  /** The id in the request's header. */
  requesterId: Uint8Array;
  /** The payload as it came. */
  bytes: Uint8Array;
  /** Where the request comes from, as limits count it. */
  address: string;
  /** When the request was read. */
  now: Date;
  /** Is asked for room before much is read. */
  memory: RequestMemory;
}

/** Handles one kind of request. */
export type SecureHandler<K extends SecureRequestKind> = (
  payload: SecureRequestPayloads[K],
  context: SecureContext,
) => Response | Promise<Response>;
