/**
 * Cuts the bytes of a connection into requests (FRM-3 and section 4 of
 * docs/protocol.md), whatever a client claims.
 *
 * @module
 */

import type { ByteSource } from "../shared/byte_source.ts";
import { dialectOf, requestKind } from "../shared/dialects.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  MessageType,
  type RequestKind,
  SEND_OVERHEAD,
} from "../shared/protocol.ts";
import {
  requestCodecs,
  type RequestHeader,
  requestHeaderAt,
  requestHeaderOf,
  shortRequestHeader,
} from "../shared/requests.ts";
import { isPaddedPayload } from "./block_padding.ts";
import type { RequestRefusal } from "./refusal.ts";

/**
 * Milliseconds that a 603 with an impossible size gets to show that it is a
 * type 1: a client that writes its header by itself may wait for the system's
 * acknowledgement of it, 40 to 200 ms.
 */
const KEY_REQUEST_GRACE = 250;
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
    ? await sizeInBlock(source, kind, header.code)
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
 */
async function sizeInBlock(
  source: ByteSource,
  kind: RequestKind,
  code: number,
): Promise<number> {
  const size = requestCodecs[kind].fixedSize ?? 0;
  // Nothing but a whole block is worth waiting for.
  if (size === 0 || source.buffered === 0) return 0;
  const headerSize = requestHeaderOf(dialectOf(code)).fixedSize as number;
  return await isPaddedPayload(source, headerSize, size) ? size : 0;
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
    (possible ? source.has(size) : source.hasWithin(size, KEY_REQUEST_GRACE));
  if (await arrives(TYPE_OFFSET + 1)) {
    const type = source.peek(TYPE_OFFSET + 1)[TYPE_OFFSET];
    if (type === MessageType.KeyRequest && await arrives(SEND_OVERHEAD)) {
      const size = source.peek(SEND_OVERHEAD).subarray(TYPE_OFFSET + 1);
      if (size.every((byte) => byte === 0)) return SEND_OVERHEAD;
    }
  }
  return possible ? claim : undefined;
}
