/**
 * Reads responses that are in memory whole.
 *
 * @module
 */

import { readWaitingHead } from "../../shared/wire/response_framer.ts";
import { responseCodec } from "../../shared/wire/frames.ts";
import { WAITING_OVERHEAD } from "../../shared/wire/protocol.ts";
import type {
  Response,
  ResponseCode,
  WaitingMessage,
} from "../../shared/wire/requests.ts";

/**
 * Decodes the payload of a response.
 *
 * @param code the response's code in the first dialect
 * @throws {FormatError} unless the bytes are one such payload, no more
 */
export function decodeResponse(
  code: ResponseCode,
  payload: Uint8Array,
): Response {
  return { code, payload: responseCodec(code).decode(payload) };
}

/**
 * Reads a 2104 message by message, so that those before a damaged one count.
 *
 * @throws {FormatError} behind the last whole message, where more follows
 */
export function* readInbox(payload: Uint8Array): Generator<WaitingMessage> {
  for (let at = 0, index = 0; at < payload.length; index++) {
    const left = payload.subarray(at);
    const head = readWaitingHead(left, left.length, index);
    const { contentSize, ...start } = head;
    at += WAITING_OVERHEAD;
    yield { ...start, content: payload.slice(at, at + contentSize) };
    at += contentSize;
  }
}
