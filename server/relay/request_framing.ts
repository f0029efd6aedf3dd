/**
 * Tells where requests, and the zeros that some clients write behind them, end
 * (FRM-3, section 4 and section 10 of docs/protocol.md). Bytes that have arrived
 * stay in their source until they are taken as a header or a payload.
 *
 * @module
 */

import type { ByteSource } from "../../shared/wire/byte_source.ts";
import { codeAt, requestKind } from "../../shared/wire/dialects.ts";
import { requestHeaderAt } from "../../shared/wire/frames.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import {
  arrivingPayloadSize,
  HEADER_START,
  payloadSize,
  type RequestStart,
  requestStart,
} from "../../shared/wire/request_framer.ts";
import { requestCodecs, type RequestKind } from "../../shared/wire/requests.ts";
import type { RequestRefusal } from "./refusal.ts";

/**
 * Milliseconds that a 603 with an impossible size, and a 602 with none, get to
 * show what they are: a client that writes its header by itself may wait for the
 * system's acknowledgement of it, 40 to 200 ms.
 */
const PAYLOAD_GRACE = 250;
/** Milliseconds after which what has arrived is all that was written. */
const LAST_BYTE_GRACE = 100;
/**
 * Milliseconds that zeros behind a request get to show what they are: the rest
 * of a block comes right behind its start, and so does the rest of a header.
 */
const PADDING_GRACE = 100;
/** What follows a header. */
export type Payload =
  | {
    /** The request that the header's code stands for. */
    kind: RequestKind;
    /** Bytes of the payload, all of which have arrived. */
    size: number;
  }
  | {
    kind: undefined;
    /** Why the request is refused. */
    refusal: RequestRefusal;
    /** Bytes of payload to read past (REQ-7). */
    size: number;
    /** Whether the failure is due before the payload has arrived. */
    atOnce: boolean;
  };

/**
 * Takes the header of the next request.
 *
 * @returns null where the stream ended before it was complete
 */
export async function takeHeader(
  source: ByteSource,
): Promise<RequestStart | null> {
  const arrives = (size: number) => source.buffered >= size || source.has(size);
  if (!(await arrives(HEADER_START))) return null;
  const size = requestHeaderAt(source.peek(HEADER_START)).fixedSize ?? 0;
  if (!(await arrives(size))) return null;
  const start = requestStart(source.takeArrived(size), undefined, true);
  if (start === undefined) return null;
  const { header } = start;
  if (source.buffered >= header.payloadSize) return start;
  // The rest may take long, and the id is a view of a larger allocation.
  const clientId = header.clientId.slice() as ClientId;
  return { ...start, header: { ...header, clientId } };
}

/** Whether a header is nothing but zeros, as padding is. */
export function isAllZeros({ header }: RequestStart): boolean {
  const { code, version, payloadSize, clientId } = header;
  return code === 0 && version === 0 && payloadSize === 0 &&
    clientId.every((byte) => byte === 0);
}

/**
 * Waits for the payload behind a header.
 *
 * @param maxMessage bytes of the largest payload that is accepted
 * @returns null where the stream ended before it was complete
 */
export async function awaitPayload(
  source: ByteSource,
  start: RequestStart,
  maxMessage: number,
): Promise<Payload | null> {
  const { kind } = start;
  const claim = start.header.payloadSize;
  const found = await sizeOf(source, start, maxMessage);
  // REQ-6, REQ-7: a wrong size is read past, so that what follows is served.
  const fits = kind !== undefined && found !== undefined &&
    (requestCodecs[kind].fixedSize ?? found) === found;
  if (!fits) {
    const atOnce = claim > maxMessage;
    const refusal = kind === undefined
      ? "unknown_code"
      : kind === "sendMessage" && atOnce
      ? "too_large"
      : "wrong_size";
    return { kind: undefined, refusal, size: claim, atOnce };
  }
  if (source.buffered < found && !(await source.has(found))) return null;
  return { kind, size: found };
}

/** Size in bytes of the payload behind a header; undefined where that of a 603 can't be true. */
async function sizeOf(
  source: ByteSource,
  { kind, header, headerSize }: RequestStart,
  maxMessage: number,
): Promise<number | undefined> {
  const claim = header.payloadSize;
  const claimed = { kind, headerSize, claim };
  const isSend = kind === "sendMessage";
  const isPossible = claim >= SEND_OVERHEAD && claim <= maxMessage;
  const known = payloadSize(claimed, source.peek(source.buffered));
  const size = typeof known === "number"
    ? known
    : await arrivingPayloadSize(source, claimed, (wanted) =>
      isSend && isPossible
        ? source.has(wanted)
        : source.hasWithin(wanted, isSend ? PAYLOAD_GRACE : PADDING_GRACE));
  if (isSend) return isPossible || size === SEND_OVERHEAD ? size : undefined;
  if (kind !== "publicKey" || size > 0) return size;
  // DIA-8: some clients never set the size, and send the id in a second write.
  const isAlone = await source.hasWithin(CLIENT_ID_SIZE, PAYLOAD_GRACE) &&
    // Further bytes are the next request.
    !(await source.hasWithin(CLIENT_ID_SIZE + 1, LAST_BYTE_GRACE));
  return isAlone ? CLIENT_ID_SIZE : 0;
}

/** Whether the next byte has arrived and is a zero. */
export function isZeroNext(source: ByteSource): boolean {
  return source.buffered > 0 && source.peek(1)[0] === 0;
}

/**
 * Whether the next byte is a zero that belongs to no request (DIA-7): the header
 * that would begin with it has an unknown code, the one behind it a known one.
 */
export async function isStrayZeroNext(source: ByteSource): Promise<boolean> {
  if (!isZeroNext(source) || !(await source.has(HEADER_START))) return false;
  const start = source.peek(HEADER_START);
  const isKnown = (header: Uint8Array) =>
    requestKind(codeAt(header)) !== undefined;
  return !isKnown(start) && isKnown(start.subarray(1));
}

/**
 * Whether the zeros behind a request are its padding (DIA-5). Zeros up to the
 * end of its block are: a header of zeros is no request. Fewer zeros than a
 * header has may begin the id of a registration; they are padding where nothing
 * follows, or as many zeros as a header has, of a client that fills more than a
 * block.
 *
 * @param left bytes of the block behind the request
 * @param patience milliseconds that the bytes have to arrive. Default: no limit
 * @returns undefined where the bytes that tell didn't arrive
 */
export async function isPadding(
  source: ByteSource,
  left: number,
  patience?: number,
): Promise<boolean | undefined> {
  const end = patience === undefined ? undefined : performance.now() + patience;
  const telling = Math.max(left, REQUEST_HEADER_SIZE);
  for (let zeros = 0;;) {
    const there = Math.min(telling, source.buffered);
    const next = source.peek(there);
    while (zeros < there && next[zeros] === 0) zeros++;
    if (zeros < there) return false;
    if (zeros === telling) return true;
    if (zeros >= left) {
      if (await source.hasWithin(zeros + 1, PADDING_GRACE)) continue;
      return zeros === left;
    }
    if (source.ended) return undefined;
    const wanted = source.buffered + 1;
    if (end === undefined) await source.has(wanted);
    else if (!(await source.hasWithin(wanted, end - performance.now()))) {
      return undefined;
    }
  }
}

/**
 * Waits a short time for padding, so that a padded response goes out in one
 * write. A failure of the stream is left for the next read to throw.
 */
export async function isPaddedSoon(
  source: ByteSource,
  left: number,
): Promise<boolean> {
  try {
    return await isPadding(source, left, PADDING_GRACE) === true;
  } catch {
    return false;
  }
}
