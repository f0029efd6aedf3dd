/**
 * What a refusal may mean. The response doesn't say it, so the kind of the request
 * has to.
 *
 * @module
 */

import type { RequestKind } from "../../shared/wire/requests.ts";
import { ServerRefusedError } from "../errors.ts";

const UNKNOWN_USER =
  "This relay may not know you: you may have registered at another one (see info.server), or been removed from it";

const reasons: Readonly<Record<RequestKind, string>> = {
  register:
    "The name may be taken: register another one. If that is refused too, the relay takes no registrations now",
  clientsList: UNKNOWN_USER,
  publicKey:
    "This relay may not know the client any more, or give out no public keys",
  sendMessage:
    "Too many messages may wait for the recipient, or this one is too large for the relay, or the relay has no room",
  waitingMessages:
    `${UNKNOWN_USER}. Some relays respond so where no message waits`,
};

/** Adds what the refusal of a request may mean, unless the error has a hint. */
export function withReason(
  error: ServerRefusedError,
  kind: RequestKind,
): ServerRefusedError {
  if (error.hint !== undefined) return error;
  return new ServerRefusedError(reasons[kind], { cause: error });
}
