/**
 * Requests as tools ask them of servers.
 *
 * @module
 */

import { defaultDialect, type Dialect } from "../shared/wire/dialects.ts";
import { encodeRequest } from "../shared/wire/frames.ts";
import type { ClientId } from "../shared/wire/protocol.ts";
import { requestKinds } from "../shared/wire/requests.ts";

/** Codes of no request, next to those of a dialect's requests. */
export const unusedCodes = (
  { firstRequest }: Pick<Dialect, "firstRequest"> = defaultDialect,
): readonly [before: number, behind: number] => [
  firstRequest - 1,
  firstRequest + requestKinds.length,
];

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
