/**
 * Tells where requests, and the zeros that some clients write behind them, end
 * (FRM-3, section 4 and section 10 of docs/protocol.md). Bytes that have arrived
 * stay in their source until they are taken as a header or a payload.
 *
 * @module
 */

import type { ByteSource } from "../../shared/wire/byte_source.ts";
import {
  codeAt,
  dialectNamed,
  dialectOf,
  paddingBehind,
  requestKind,
} from "../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  MessageType,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import {
  type RequestHeader,
  requestHeaderAt,
  requestHeaderOf,
  shortRequestHeader,
} from "../../shared/wire/frames.ts";
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
/** Bytes of a 603's payload before its type. */
const TYPE_OFFSET = CLIENT_ID_SIZE;
/** Bytes of every header of any dialect, at least. */
const HEADER_START = shortRequestHeader.fixedSize as number;
const BLOCKS = dialectNamed("blocks");

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
): Promise<RequestHeader | null> {
  if (source.buffered < HEADER_START && !(await source.has(HEADER_START))) {
    return null;
  }
  const codec = requestHeaderAt(source.peek(HEADER_START));
  const bytes = await source.take(codec.fixedSize as number);
  if (bytes === null) return null;
  const header = codec.decode(bytes, true);
  if (source.buffered >= header.payloadSize) return header;
  // The rest may take long, and the id is a view of a larger allocation.
  return { ...header, clientId: header.clientId.slice() as ClientId };
}

/** Whether a header is nothing but zeros, as padding is. */
export function isAllZeros(
  { code, version, payloadSize, clientId }: RequestHeader,
): boolean {
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
  header: RequestHeader,
  maxMessage: number,
): Promise<Payload | null> {
  const kind = requestKind(header.code);
  const claim = header.payloadSize;
  const size = kind === "sendMessage"
    ? await sendSize(source, claim, maxMessage)
    : kind !== undefined && claim === 0
    ? await sizeWithoutClaim(source, kind, header.code)
    : claim;
  // REQ-6, REQ-7: a wrong size is read past, so that what follows is served.
  const fits = kind !== undefined && size !== undefined &&
    (requestCodecs[kind].fixedSize ?? size) === size;
  if (!fits) {
    const atOnce = claim > maxMessage;
    const refusal = kind === undefined
      ? "unknown_code"
      : kind === "sendMessage" && atOnce
      ? "too_large"
      : "wrong_size";
    return { kind: undefined, refusal, size: claim, atOnce };
  }
  if (source.buffered < size && !(await source.has(size))) return null;
  return { kind, size };
}

/**
 * Bytes of a payload of a fixed size whose header says 0.
 *
 * DIA-6: some block clients never set the size in a 602. Where a block holds
 * such a payload and zeros behind it, it is one.
 *
 * DIA-8: other clients don't either, and send the payload in a second write.
 */
async function sizeWithoutClaim(
  source: ByteSource,
  kind: RequestKind,
  code: number,
): Promise<number> {
  const size = requestCodecs[kind].fixedSize ?? 0;
  if (size === 0) return 0;
  const headerSize = requestHeaderOf(dialectOf(code)).fixedSize as number;
  if (
    source.buffered > 0 && await isPaddedPayload(source, headerSize, size)
  ) return size;
  const isAlone = kind === "publicKey" &&
    await source.hasWithin(size, PAYLOAD_GRACE) &&
    // Further bytes are the next request.
    !(await source.hasWithin(size + 1, LAST_BYTE_GRACE));
  return isAlone ? size : 0;
}

/** Whether the next bytes are a payload of some size and zeros up to the end of its block (DIA-6). */
async function isPaddedPayload(
  source: ByteSource,
  headerSize: number,
  size: number,
): Promise<boolean> {
  const rest = paddingBehind(headerSize, BLOCKS);
  const isZero = (byte: number) => byte === 0;
  const isPadded = () =>
    source.peek(Math.min(rest, source.buffered)).subarray(size).every(isZero);
  return isPadded() && await source.hasWithin(rest, PADDING_GRACE) &&
    isPadded() && !source.peek(size).every(isZero);
}

/**
 * Bytes of a 603's payload, or undefined where the claim can't be true.
 *
 * SND-7: a type 1 without content ends after 21 bytes, whatever its header
 * claims; some clients send whatever their memory held.
 */
async function sendSize(
  source: ByteSource,
  claim: number,
  maxMessage: number,
): Promise<number | undefined> {
  const possible = claim >= SEND_OVERHEAD && claim <= maxMessage;
  const arrives = (size: number) =>
    source.buffered >= size ||
    (possible ? source.has(size) : source.hasWithin(size, PAYLOAD_GRACE));
  if (await arrives(TYPE_OFFSET + 1)) {
    const type = source.peek(TYPE_OFFSET + 1)[TYPE_OFFSET];
    if (type === MessageType.KeyRequest && await arrives(SEND_OVERHEAD)) {
      const size = source.peek(SEND_OVERHEAD).subarray(TYPE_OFFSET + 1);
      if (size.every((byte) => byte === 0)) return SEND_OVERHEAD;
    }
  }
  return possible ? claim : undefined;
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

/** Offset of the end of the block that a request begins, in bytes from the start of the stream. */
export function blockEnd(start: number, end: number): number {
  return end + paddingBehind(end - start, BLOCKS);
}

/** Zeros that fill the last block of a response to a padded request. */
export function blockPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(paddingBehind(size, BLOCKS));
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
