/**
 * Finds the responses in a relay's bytes, and the messages in a 2104 (FRM-4 and
 * section 5 of docs/protocol.md).
 *
 * @module
 */

import type { ByteSource } from "./byte_source.ts";
import { Reader } from "./buffers.ts";
import { fieldsOf } from "./field_types.ts";
import { claimedSize, type Codec } from "./fields.ts";
import { FormatError, within } from "./format_error.ts";
import { RESPONSE_HEADER_SIZE, WAITING_OVERHEAD } from "./protocol.ts";
import { headOf, type ResponseHeader, responseHeader } from "./frames.ts";
import { requests, responseCodecs, type WaitingMessage } from "./requests.ts";

/** A whole response. */
export interface WholeResponse extends ResponseHeader {
  /** The bytes after the header. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Header and payload. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads the header at the start of `bytes`; undefined if it isn't complete. */
export function responseStart(bytes: Uint8Array): ResponseHeader | undefined {
  return bytes.length < RESPONSE_HEADER_SIZE
    ? undefined
    : responseHeader.decode(bytes.subarray(0, RESPONSE_HEADER_SIZE));
}

/** The response at the start of `bytes`; undefined if it isn't complete. */
export function responseIn(
  bytes: Uint8Array<ArrayBuffer>,
): WholeResponse | undefined {
  const header = responseStart(bytes);
  if (header === undefined) return undefined;
  const size = RESPONSE_HEADER_SIZE + header.payloadSize;
  if (bytes.length < size) return undefined;
  return {
    ...header,
    payload: bytes.subarray(RESPONSE_HEADER_SIZE, size),
    bytes: bytes.subarray(0, size),
  };
}

/**
 * Waits for the header of the next response, and leaves it in the source.
 *
 * @returns undefined if the stream ends before
 */
export async function arrivingResponse(
  source: ByteSource,
): Promise<ResponseHeader | undefined> {
  return await source.has(RESPONSE_HEADER_SIZE)
    ? responseStart(source.peek(RESPONSE_HEADER_SIZE))
    : undefined;
}

/**
 * Takes the next response, header and payload.
 *
 * @param most maximum size of the payload in bytes. Default: unlimited
 * @returns undefined if the stream ends first
 * @throws {FormatError} if the header claims more
 */
export async function takeResponse(
  source: ByteSource,
  most = Infinity,
): Promise<WholeResponse | undefined> {
  const header = await arrivingResponse(source);
  if (header === undefined) return undefined;
  const { payloadSize } = header;
  if (payloadSize > most) {
    throw new FormatError(
      `response.payload: expected ${most} bytes at most, got ${payloadSize}`,
    );
  }
  const bytes = await source.take(RESPONSE_HEADER_SIZE + payloadSize);
  return bytes === null ? undefined : responseIn(bytes);
}

/** A message in a 2104 up to its content, 25 bytes. */
export interface WaitingHead extends Omit<WaitingMessage, "content"> {
  /** Size of the content in bytes. */
  contentSize: number;
}

const waitingFields = requests.waitingMessages.response;

/** Codec of a message in a 2104 up to its content. */
export const waitingHead: Codec<WaitingHead> = headOf(
  "waitingHead",
  waitingFields,
);

const { content: _content, ...startFields } = waitingFields;
const waitingStart = fieldsOf(startFields);

/**
 * Reads a message of a 2104 up to its content.
 *
 * @param next the next 25 bytes of the payload, or all that are left
 * @param left number of bytes left in the payload
 * @param index number of messages before this one
 * @throws {FormatError} if no whole message is left
 */
export function readWaitingHead(
  next: Uint8Array,
  left: number,
  index: number,
): WaitingHead {
  try {
    const reader = new Reader(next);
    const start = waitingStart.read(reader);
    const contentSize = readContentSize(reader, left - WAITING_OVERHEAD);
    return { ...start, contentSize };
  } catch (error) {
    const { name } = responseCodecs.waitingMessages;
    throw within(name, within(`[${index}]`, error));
  }
}

function readContentSize(reader: Reader, left: number): number {
  try {
    return claimedSize(reader, left);
  } catch (error) {
    throw within("content", error);
  }
}
