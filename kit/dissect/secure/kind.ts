/**
 * The kinds of secure frames, which their codes alone tell from legacy ones.
 *
 * @module
 */

import {
  FIRST_SECURE_REQUEST,
  FIRST_SECURE_RESPONSE,
  REFUSAL_CODE,
} from "../../../shared/secure/secure_protocol.ts";
import {
  refusalCodec,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKind,
  secureRequests,
  secureResponseCodecs,
} from "../../../shared/secure/secure_requests.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import type { Direction } from "../form.ts";

/** A kind of secure frame. */
export type SecureKind = SecureRequestKind | "refusal";

/** The kind of a frame with a code; undefined if no secure frame has it. */
export function secureKindOf(
  code: number,
  direction: Direction,
): SecureKind | undefined {
  if (direction === "request") return secureRequestKind(code);
  if (code === REFUSAL_CODE) return "refusal";
  const index = code - FIRST_SECURE_RESPONSE;
  return secureRequestKind(FIRST_SECURE_REQUEST + index);
}

/** The codec of a frame's payload. */
export function secureCodecOf(
  kind: SecureKind,
  direction: Direction,
): Codec<unknown> {
  const codec = kind === "refusal"
    ? refusalCodec
    : direction === "request"
    ? secureRequestCodecs[kind]
    : secureResponseCodecs[kind];
  return codec as Codec<unknown>;
}

/** The name of a frame. */
export function secureLabelOf(kind: SecureKind, direction: Direction): string {
  if (kind === "refusal") return "refusal";
  const { label, responseLabel } = secureRequests[kind];
  return direction === "request" ? label : responseLabel;
}
