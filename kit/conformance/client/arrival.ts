/**
 * A request as a client sent it, right or wrong.
 *
 * @module
 */

import { type SendHead, sendHead } from "../../../shared/wire/contents.ts";
import type { Dialect } from "../../../shared/wire/dialects.ts";
import { type ClientId, SEND_OVERHEAD } from "../../../shared/wire/protocol.ts";
import {
  requestCodecs,
  type RequestKind,
} from "../../../shared/wire/requests.ts";
import type { RequestHeader } from "../../../shared/wire/frames.ts";
import { type Exchange, exchanged } from "../report/outcome.ts";

/** A request and how it came. */
export interface Arrival {
  /** The number of its connection, from 1. */
  readonly connection: number;
  /** What its code asks for; undefined where that means nothing. */
  readonly kind: RequestKind | undefined;
  /** The dialect that its code belongs to. */
  readonly dialect: Dialect;
  /** Its header, read as little endian. */
  readonly header: RequestHeader;
  /** Bytes of it. */
  readonly headerSize: number;
  /** All of it that came, header included. */
  readonly bytes: Uint8Array;
  /** Whether it makes sense only with big-endian numbers. */
  readonly bigEndian: boolean;
  /** What is wrong with the size in its header; undefined where nothing is. */
  readonly sizeProblem: string | undefined;
  /** Reads that it took: 1 where it came in one write. */
  readonly reads: number;
  /** The id that it has to carry; undefined where nobody is registered. */
  readonly expectedId: ClientId | undefined;
  /** Whether more came before it was answered. */
  early: boolean;
  /** Whether the client had ended its side before it was answered. */
  halfClosed: boolean;
  /** What it was answered; undefined until then. */
  response: Uint8Array | undefined;
}

/** What follows the header. */
export function payloadOf({ bytes, headerSize }: Arrival): Uint8Array {
  return bytes.subarray(headerSize);
}

/** Whom a 602 or a 603 is about; undefined where it is too short to say. */
export function targetOf(arrival: Arrival): Uint8Array | undefined {
  const payload = payloadOf(arrival);
  const size = requestCodecs.publicKey.fixedSize ?? 0;
  return payload.length < size ? undefined : payload.subarray(0, size);
}

/** A 603 up to its content, and its content; undefined where it is too short. */
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

/** A head whose type may be anything. */
function laxHead(payload: Uint8Array): Pick<SendHead, "contentSize"> & {
  type: number;
} {
  const head = payload.slice(0, SEND_OVERHEAD);
  const at = requestCodecs.publicKey.fixedSize ?? 0;
  const type = head[at] ?? 0;
  // The codec takes the four types alone, and this one is judged elsewhere.
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
