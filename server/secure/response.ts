/**
 * What the relay sends back for a secure request.
 *
 * @module
 */

import {
  REFUSAL_CODE,
  SECURE_VERSION,
} from "../../shared/secure/secure_protocol.ts";
import {
  type Refusal,
  refusalCodec,
  type SecureRequestKind,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../shared/secure/secure_requests.ts";
import { allocateShortLived, Writer } from "../../shared/wire/buffers.ts";
import type { Codec } from "../../shared/wire/fields.ts";
import { responseHeader } from "../../shared/wire/frames.ts";
import { RESPONSE_HEADER_SIZE } from "../../shared/wire/protocol.ts";
import type { Pieces, Response } from "../relay/response.ts";
import { refusalReasons, type SecureRefusal } from "./refusal.ts";

const NOTHING = new Uint8Array(0);

/** Responds with a payload that is in memory. */
export function respond<K extends SecureRequestKind>(
  kind: K,
  payload: SecureResponsePayloads[K],
): Response {
  const codec = secureResponseCodecs[kind] as Codec<unknown>;
  const bytes = frame(secureResponseCode(kind), codec, payload);
  return { bytes, outcome: "answered" };
}

/**
 * Responds with a list whose last part is read piece by piece.
 *
 * @param head the payload up to the pieces
 * @param rest what follows it
 */
export function respondInPieces<K extends SecureRequestKind>(
  kind: K,
  head: SecureResponsePayloads[K],
  rest: Pieces,
): Response {
  const codec = secureResponseCodecs[kind] as Codec<unknown>;
  const bytes = frame(secureResponseCode(kind), codec, head, rest.size);
  return { bytes, pieces: rest.pieces, outcome: "answered" };
}

/** Refuses with 4999 (REF-1 to REF-3). */
export function refuse(
  refusal: SecureRefusal,
  { retryAfter = 0, detail = NOTHING }: Partial<Omit<Refusal, "reason">> = {},
): Response {
  const reason = refusalReasons[refusal];
  const payload = { reason, retryAfter, detail };
  return {
    bytes: frame(REFUSAL_CODE, refusalCodec, payload),
    outcome: refusal,
  };
}

/** Refuses what comes too often. @param wait milliseconds until it is served again */
export function refuseForNow(wait: number): Response {
  return refuse("too_often", { retryAfter: Math.ceil(wait / 1000) });
}

/** @param more bytes of the payload that follow these */
function frame<T>(
  code: number,
  codec: Codec<T>,
  payload: T,
  more = 0,
): Uint8Array {
  const size = codec.size(payload);
  const writer = new Writer(RESPONSE_HEADER_SIZE + size, allocateShortLived);
  const payloadSize = size + more;
  responseHeader.write(writer, { version: SECURE_VERSION, code, payloadSize });
  codec.write(writer, payload);
  return writer.bytes;
}
