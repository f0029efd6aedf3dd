/**
 * Finds the responses in a relay's bytes (FRM-4 and section 5 of
 * docs/protocol.md).
 *
 * @module
 */

import type { ByteSource } from "./byte_source.ts";
import { FormatError } from "./format_error.ts";
import { RESPONSE_HEADER_SIZE } from "./protocol.ts";
import { type ResponseHeader, responseHeader } from "./frames.ts";

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
