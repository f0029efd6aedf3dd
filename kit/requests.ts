/**
 * Requests as tools ask them of servers.
 *
 * @module
 */

import { encodeRequest } from "../shared/wire/frames.ts";
import type { ClientId } from "../shared/wire/protocol.ts";

/** The kind of a request for waiting messages. */
export const PULL = "waitingMessages";

/** 601. */
export const listRequest = (clientId: ClientId): Uint8Array<ArrayBuffer> =>
  encodeRequest("clientsList", {}, { clientId });

/** 602. */
export const keyRequest = (
  clientId: ClientId,
  target: ClientId,
): Uint8Array<ArrayBuffer> =>
  encodeRequest("publicKey", { target }, { clientId });

/** 604. */
export const pullRequest = (clientId: ClientId): Uint8Array<ArrayBuffer> =>
  encodeRequest(PULL, {}, { clientId });
