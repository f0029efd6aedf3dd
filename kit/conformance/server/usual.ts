/**
 * The usual request: checks of connections, headers and load use a request of
 * any kind that the server answers well.
 *
 * @module
 */

import { LISTED_CLIENT_SIZE } from "../../../shared/wire/protocol.ts";
import type { RequestKind } from "../../../shared/wire/requests.ts";
import type { User } from "./user_pool.ts";
import { sendRequest } from "./frames.ts";
import { keyRequest, listRequest, PULL, pullRequest } from "../../requests.ts";

/** A usual request and its response. */
export interface Usual {
  /** Its kind. */
  readonly kind: RequestKind;
  /** Code of the response. */
  readonly code: number;
  /** Size of the response's payload in bytes: a multiple of `each` within limits. */
  readonly size: { each: number; least: number; most: number };
  /** Whether bytes follow its response, which hide the next one. */
  readonly isFollowed: boolean;
  /** Whether its response has a wrong size. */
  readonly isOdd: boolean;
  /** Encodes the request of one user about another, both with an empty inbox. */
  readonly request: (from: User, to: User) => Uint8Array;
}

const exactly = (size: number) => ({ each: 1, least: size, most: size });

/** The candidates, the best first: a list may be long, and a message remains. */
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
