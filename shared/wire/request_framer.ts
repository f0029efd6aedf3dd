/**
 * Finds the requests in a client's bytes (FRM-3 and section 4 of
 * docs/protocol.md). Callers own the buffer, its limits and time-outs.
 *
 * @module
 */

import type { ByteSource } from "./byte_source.ts";
import {
  BLOCK_SIZE,
  type Dialect,
  dialectOf,
  paddingBehind,
  requestKind,
} from "./dialects.ts";
import { CLIENT_ID_SIZE, MessageType, SEND_OVERHEAD } from "./protocol.ts";
import {
  type RequestHeader,
  requestHeaderAt,
  requestHeaderOf,
  shortRequestHeader,
} from "./frames.ts";
import { requestCodecs, type RequestKind } from "./requests.ts";

/** Size in bytes of the shortest header, which tells the size of any (DIA-3). */
export const HEADER_START: number = shortRequestHeader.fixedSize ?? 0;

/** The start of a request. */
export interface RequestStart {
  /** The header's fields. */
  readonly header: RequestHeader;
  /** Size of the header in bytes. */
  readonly headerSize: number;
  /** Kind of the request; undefined if its code is unknown. */
  readonly kind: RequestKind | undefined;
  /** The dialect of the code; the default one if the code is unknown. */
  readonly dialect: Dialect;
}

/**
 * Reads the header at the start of `bytes`.
 *
 * @param dialect the dialect of the request. Default: the code's
 * @param inPlace whether the id may be a view of `bytes`. Default: false
 * @returns undefined if the header isn't complete
 */
export function requestStart(
  bytes: Uint8Array,
  dialect?: Dialect,
  inPlace = false,
): RequestStart | undefined {
  if (bytes.length < HEADER_START) return undefined;
  const codec = dialect === undefined
    ? requestHeaderAt(bytes)
    : requestHeaderOf(dialect);
  const headerSize = codec.fixedSize ?? 0;
  if (bytes.length < headerSize) return undefined;
  const header = codec.decode(bytes.subarray(0, headerSize), inPlace);
  return {
    header,
    headerSize,
    kind: requestKind(header.code),
    dialect: dialect ?? dialectOf(header.code),
  };
}

/**
 * Waits for the header of the next request, and leaves it in the source.
 *
 * @returns undefined if the stream ends before
 */
export async function arrivingRequest(
  source: ByteSource,
): Promise<RequestStart | undefined> {
  if (!(await source.has(HEADER_START))) return undefined;
  const { fixedSize = 0 } = requestHeaderAt(source.peek(HEADER_START));
  if (!(await source.has(fixedSize))) return undefined;
  return requestStart(source.peek(fixedSize));
}

/** The parts of a header that determine the payload's size. */
export interface ClaimedPayload {
  /** Kind of the request; undefined if its code is unknown. */
  readonly kind: RequestKind | undefined;
  /** Size of the header in bytes. */
  readonly headerSize: number;
  /** Size of the payload in bytes, as the header claims. */
  readonly claim: number;
}

/** The payload's size isn't known yet. */
export interface Wanted {
  /** Number of bytes of the payload that must arrive first. */
  readonly wanted: number;
}

/**
 * The size in bytes of a payload, which may differ from the header's.
 *
 * SND-7: a request for a key ends after 21 bytes, whatever its header claims.
 * DIA-6: a block may hold a payload though the header claims 0 bytes.
 *
 * @param payload the bytes that have arrived after the header
 * @param isAll whether no more bytes arrive in time. Default: false
 */
export function payloadSize(
  { kind, headerSize, claim }: ClaimedPayload,
  payload: Uint8Array,
  isAll = false,
): number | Wanted {
  if (kind === undefined) return claim;
  if (kind === "sendMessage") return sendSize(claim, payload, isAll);
  const size = requestCodecs[kind].fixedSize ?? 0;
  if (claim > 0 || size === 0 || payload.length === 0) return claim;
  const rest = BLOCK_SIZE - headerSize;
  const block = payload.subarray(0, rest);
  if (!block.subarray(size).every(isZero)) return 0;
  const isEmpty = block.subarray(0, size).every(isZero);
  if (isEmpty && block.length >= size) return 0;
  if (block.length === rest) return size;
  return isAll ? 0 : { wanted: rest };
}

/** Offset of the type in a 603's payload. */
const TYPE_AT = CLIENT_ID_SIZE;

function sendSize(
  claim: number,
  payload: Uint8Array,
  isAll: boolean,
): number | Wanted {
  if (claim === SEND_OVERHEAD) return claim;
  const head = payload.subarray(0, SEND_OVERHEAD);
  const type = head[TYPE_AT];
  if (type !== undefined && type !== MessageType.KeyRequest) return claim;
  if (head.length < SEND_OVERHEAD) {
    return isAll
      ? claim
      : { wanted: type === undefined ? TYPE_AT + 1 : SEND_OVERHEAD };
  }
  return head.subarray(TYPE_AT + 1).every(isZero) ? SEND_OVERHEAD : claim;
}

const isZero = (byte: number) => byte === 0;

/**
 * Waits until the size of the payload at the start of the source is known.
 *
 * @param arrives waits for `size` bytes of the payload, false if they come too
 * late; `isClaimed` tells whether the header claims as many
 */
export async function arrivingPayloadSize(
  source: ByteSource,
  claimed: ClaimedPayload,
  arrives: (size: number, isClaimed: boolean) => Promise<boolean>,
): Promise<number> {
  for (let isAll = false;;) {
    const size = payloadSize(claimed, source.peek(source.buffered), isAll);
    if (typeof size === "number") return size;
    isAll = !(await arrives(size.wanted, size.wanted <= claimed.claim));
  }
}

/** Number of zeros that fill the last block of a frame (DIA-5). */
export function blockPadding(frameSize: number): number {
  return paddingBehind(frameSize, { blockSize: BLOCK_SIZE });
}
