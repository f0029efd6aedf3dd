/**
 * Expectations of responses, whose codes are those of the first dialect.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { FormatError } from "../../../shared/wire/format_error.ts";
import type { ResponseHeader } from "../../../shared/wire/frames.ts";
import type { WholeResponse } from "../../../shared/wire/response_framer.ts";
import {
  type ClientId,
  WAITING_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  responseCodecs,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { PULL } from "../../requests.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import { CheckFailure, must, Unprepared } from "./check.ts";

export type { WholeResponse } from "../../../shared/wire/response_framer.ts";

/** Describes a response in a few words. */
export const describe = ({ code, payloadSize }: ResponseHeader): string =>
  `${code} with ${payloadSize === 0 ? "no payload" : `${payloadSize} bytes`}`;

/**
 * Requires a code, and returns the response.
 *
 * @throws {CheckFailure} if it has another
 */
export function expectCode(
  response: WholeResponse,
  code: number,
): WholeResponse {
  if (response.code === code) return response;
  throw new CheckFailure(`a response ${code}`, describe(response), {
    isRefusal: response.code === ERROR_CODE,
  });
}

/**
 * Requires a code and a size of the payload, and returns the response.
 *
 * @throws {CheckFailure} if one of them is another
 */
export function expectSize(
  response: WholeResponse,
  code: number,
  size: number,
): WholeResponse {
  if (response.code === code && response.payload.length === size) {
    return response;
  }
  throw new CheckFailure(
    `a response ${code} with ${size} bytes`,
    describe(response),
    { isRefusal: response.code === ERROR_CODE },
  );
}

/**
 * Decodes the payload of a response.
 *
 * @throws {CheckFailure} if its code is another, or its payload is malformed
 */
export function expectPayload<T>(
  response: WholeResponse,
  code: number,
  codec: Codec<T>,
): T {
  expectCode(response, code);
  try {
    return codec.decode(response.payload);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CheckFailure(
      `the payload of a ${code}`,
      `${describe(response)}; ${error.message}`,
    );
  }
}

/** Formats bytes in hex, at most the first 16. */
export const hex = (bytes: Uint8Array): string =>
  bytes.length === 0
    ? "nothing"
    : `${encodeHex(bytes.subarray(0, 16))}${bytes.length > 16 ? "…" : ""}`;

/** Size in bytes of an id in a 2100. */
const ID_SIZE = 16;
/** Offset of a content's size in a waiting message. */
const CONTENT_SIZE_AT = 21;

/**
 * The id in a 2100.
 *
 * @throws {CheckFailure} if it has none
 */
export function idIn(response: WholeResponse): ClientId {
  expectCode(response, 2100);
  must(
    response.payload.length >= ID_SIZE,
    "an id of 16 bytes",
    `${response.payload.length} bytes`,
  );
  return asClientId(response.payload.slice(0, ID_SIZE));
}

/** The key at the end of a 2102; another check judges the id before it. */
export const keyIn = ({ payload }: WholeResponse) => payload.slice(-160);

/**
 * The messages of a 2104.
 *
 * @throws {CheckFailure} if they are malformed
 * @throws {Unprepared} if only their byte order is wrong
 */
export function messagesIn(response: WholeResponse): readonly WaitingMessage[] {
  try {
    return expectPayload(response, 2104, responseCodecs[PULL]);
  } catch (error) {
    if (response.code === 2104 && hasBigEndianSizes(response.payload)) {
      throw new Unprepared(
        "its content sizes are big endian: see response-integers",
      );
    }
    throw error;
  }
}

/** Whether messages are well-formed with big-endian sizes. */
function hasBigEndianSizes(payload: Uint8Array): boolean {
  const bytes = payload.slice();
  const view = new DataView(bytes.buffer);
  let at = 0;
  while (at + WAITING_OVERHEAD <= bytes.length) {
    const size = view.getUint32(at + CONTENT_SIZE_AT);
    at += WAITING_OVERHEAD + size;
  }
  return bytes.length > 0 && at === bytes.length;
}
