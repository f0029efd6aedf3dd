/**
 * A request as a client sent it, right or wrong.
 *
 * @module
 */

import {
  type RequestHeader,
  type SendHead,
  sendHead,
} from "../../../shared/wire/frames.ts";
import type { Dialect } from "../../../shared/wire/dialects.ts";
import { type ClientId, SEND_OVERHEAD } from "../../../shared/wire/protocol.ts";
import {
  requestCodecs,
  type RequestKind,
} from "../../../shared/wire/requests.ts";
import { type Exchange, exchanged } from "../report/outcome.ts";

/** A request and how it arrived. */
export interface Arrival {
  /** Its connection's number, from 1. */
  readonly connection: number;
  /** Its kind; undefined for an unknown code. */
  readonly kind: RequestKind | undefined;
  /** The dialect of its code. */
  readonly dialect: Dialect;
  /** Its header, read as little endian. */
  readonly header: RequestHeader;
  /** Size of the header in bytes. */
  readonly headerSize: number;
  /** The bytes that arrived, header included. */
  readonly bytes: Uint8Array;
  /** Whether its integers make sense as big endian alone. */
  readonly bigEndian: boolean;
  /** What is wrong with the size in its header; undefined if it is right. */
  readonly sizeProblem: string | undefined;
  /** Number of reads: 1 if it arrived in one write. */
  readonly reads: number;
  /** The id that it must carry; undefined before a registration. */
  readonly expectedId: ClientId | undefined;
  /** Whether more bytes arrived before the response. */
  early: boolean;
  /** Whether the client ended its side before the response. */
  halfClosed: boolean;
  /** The response, once there is one. */
  response: Uint8Array | undefined;
}

/** The bytes behind the header. */
export function payloadOf({ bytes, headerSize }: Arrival): Uint8Array {
  return bytes.subarray(headerSize);
}

/** Target of a 602 or a 603; undefined if the payload is too short. */
export function targetOf(arrival: Arrival): Uint8Array | undefined {
  const payload = payloadOf(arrival);
  const size = requestCodecs.publicKey.fixedSize ?? 0;
  return payload.length < size ? undefined : payload.subarray(0, size);
}

/** Type, size and content of a 603; undefined if the payload is too short. */
export function messageOf(
  arrival: Arrival,
): { type: number; contentSize: number; content: Uint8Array } | undefined {
  const payload = payloadOf(arrival);
  if (arrival.kind !== "sendMessage" || payload.length < SEND_OVERHEAD) {
    return undefined;
  }
  const content = payload.subarray(SEND_OVERHEAD);
  return { ...laxHead(payload), content };
}

/** Reads a head with any type. */
function laxHead(payload: Uint8Array): Pick<SendHead, "contentSize"> & {
  type: number;
} {
  const head = payload.slice(0, SEND_OVERHEAD);
  const at = requestCodecs.publicKey.fixedSize ?? 0;
  const type = head[at] ?? 0;
  // The codec accepts the four types alone; another check judges the type.
  head[at] = 1;
  return { type, contentSize: sendHead.decode(head).contentSize };
}

/** Requests with their responses, for a report. */
export function exchangeOf(arrivals: readonly Arrival[]): Exchange {
  return arrivals.flatMap(({ bytes, connection, response, sizeProblem }) => [
    exchanged(bytes, {
      direction: "request",
      connection,
      ...sizeProblem === undefined ? {} : { note: sizeProblem },
    }),
    ...response === undefined
      ? []
      : [exchanged(response, { direction: "answer", connection })],
  ]);
}
