/**
 * What checks of something else ask: connections, headers and load are checked
 * by a request of whatever kind the server answers well.
 *
 * @module
 */

import { LISTED_CLIENT_SIZE } from "../../../shared/wire/protocol.ts";
import type { RequestKind } from "../../../shared/wire/requests.ts";
import type { User } from "./cast.ts";
import { sendRequest } from "./frames.ts";
import { keyRequest, listRequest, PULL, pullRequest } from "../../requests.ts";

/** A request that any check may ask, and its response. */
export interface Usual {
  /** Which kind it is of. */
  readonly kind: RequestKind;
  /** The response's code. */
  readonly code: number;
  /** Bytes of the response's payload: a multiple of `each` within limits. */
  readonly size: { each: number; least: number; most: number };
  /** Whether bytes follow its response, so that the next one can't be told from them. */
  readonly isFollowed: boolean;
  /** Whether its response has another size than it should. */
  readonly isOdd: boolean;
  /** Asked by one user about another, both with an empty inbox. */
  readonly request: (from: User, to: User) => Uint8Array;
}

const exactly = (size: number) => ({ each: 1, least: size, most: size });

/** The kinds that will do, the best first: a list may be long, and a message stays. */
export const usuals: readonly Usual[] = ([
  ["publicKey", 2102, exactly(176), (from, to) => keyRequest(from.id, to.id)],
  [PULL, 2104, exactly(0), (from) => pullRequest(from.id)],
  [
    "clientsList",
    2101,
    { each: LISTED_CLIENT_SIZE, least: LISTED_CLIENT_SIZE, most: Infinity },
    (from) => listRequest(from.id),
  ],
  [
    "sendMessage",
    2103,
    exactly(20),
    (from, to) => sendRequest({ from: from.id, to: to.id }),
  ],
] satisfies [RequestKind, number, Usual["size"], Usual["request"]][]).map((
  [kind, code, size, request],
) => ({ kind, code, size, request, isFollowed: false, isOdd: false }));
