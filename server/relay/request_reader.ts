/**
 * Cuts the bytes of a connection into requests (FRM-3 and section 4 of
 * docs/protocol.md), whatever a client claims.
 *
 * @module
 */

import type { ByteSource } from "../../shared/wire/byte_source.ts";
import { codeAt, dialectOf, requestKind } from "../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  MessageType,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import { requestCodecs, type RequestKind } from "../../shared/wire/requests.ts";
import {
  type RequestHeader,
  requestHeaderAt,
  requestHeaderOf,
  shortRequestHeader,
} from "../../shared/wire/frames.ts";
import { isPaddedPayload } from "./block_padding.ts";
import type { RequestRefusal } from "./refusal.ts";

/**
 * Milliseconds that a 603 with an impossible size, and a 602 with none, get to
 * show what they are: a client that writes its header by itself may wait for the system's
 * acknowledgement of it, 40 to 200 ms.
 */
const PAYLOAD_GRACE = 250;
/** Milliseconds after which what has arrived is all that was written. */
const LAST_BYTE_GRACE = 100;
/** Bytes of a 603's payload before its type. */
const TYPE_OFFSET = CLIENT_ID_SIZE;
/** Bytes of every header of any dialect, at least. */
const HEADER_START = shortRequestHeader.fixedSize as number;

/** A whole request. */
export interface WholeRequest {
  /** What is asked for. */
  kind: RequestKind;
  /** Its header. */
  header: RequestHeader;
  /** Its payload. */
  payload: Uint8Array;
}

/** A request of which all bytes have arrived, and its payload is next. */
export type ArrivedRequest = Omit<WholeRequest, "payload"> & {
  /** Bytes of its payload. */
  size: number;
};

/** A request to refuse; reading goes on behind `skip` bytes of payload. */
export interface RefusedRequest {
  /** Nothing that could be handled. */
  kind: undefined;
  /** Why. */
  refusal: RequestRefusal;
  /** Bytes of payload that are still to be read past. */
  skip: number;
  /** Whether the answer is due before they are. */
  atOnce: boolean;
}

/**
 * Reads the header of the next request.
 *
 * @returns null where the connection ended instead
 */
export async function readHeader(
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
  // It may be long until the rest comes, and the id is a piece of more.
  return { ...header, clientId: header.clientId.slice() as ClientId };
}

/**
 * Whether what is next is a zero that belongs to no request (clause DIA-7): the
 * header that would begin with it has no code that is known, and the one behind
 * it has.
 */
export async function isStrayZeroNext(source: ByteSource): Promise<boolean> {
  if (source.buffered === 0 || source.peek(1)[0] !== 0) return false;
  if (!(await source.has(HEADER_START))) return false;
  const start = source.peek(HEADER_START);
  const isKnown = (header: Uint8Array) =>
    requestKind(codeAt(header)) !== undefined;
  return !isKnown(start) && isKnown(start.subarray(1));
}

/** Whether a header holds nothing, as padding does. */
export function isAllZeros(
  { code, version, payloadSize, clientId }: RequestHeader,
): boolean {
  return code === 0 && version === 0 && payloadSize === 0 &&
    clientId.every((byte) => byte === 0);
}

/**
 * Waits for what follows a header.
 *
 * @param maxMessage bytes of the largest payload that is taken
 * @returns null where the connection ended before the request did
 */
export async function awaitPayload(
  source: ByteSource,
  header: RequestHeader,
  maxMessage: number,
): Promise<ArrivedRequest | RefusedRequest | null> {
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
    return { kind: undefined, refusal, skip: claim, atOnce };
  }
  if (source.buffered < size && !(await source.has(size))) return null;
  return { kind, header, size };
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
    // What goes on is the next request.
    !(await source.hasWithin(size + 1, LAST_BYTE_GRACE));
  return isAlone ? size : 0;
}

/**
 * Bytes of a 603's payload, or undefined where the claim can't be true.
 *
 * SND-7: a type 1 without content ends after 21 bytes, whatever
 * its header claims; some clients send whatever their memory held.
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
