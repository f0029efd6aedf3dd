/**
 * The form of a frame by its header: its kind, and the codec of its payload.
 *
 * @module
 */

import {
  type Dialect,
  dialectOf,
  dialects,
  requestKind,
  responseMeant,
} from "../../shared/wire/dialects.ts";
import { PUBLIC_KEY_SIZE } from "../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  failureCodec,
  requestCodecs,
  type RequestKind,
  respondedKind,
  responseCodecs,
} from "../../shared/wire/requests.ts";
import {
  requestHeaderAt,
  requestHeaderOf,
  responseHeader,
} from "../../shared/wire/frames.ts";
import type { AnyField } from "../../shared/wire/fields.ts";
import { payloadSize as requestPayloadSize } from "../../shared/wire/request_framer.ts";
import { secureCodecOf, type SecureKind, secureKindOf } from "./secure/kind.ts";
import { integer, type Piece, Walk } from "./walk.ts";

/** The direction: to the relay, or back. */
export type Direction = "request" | "answer";

/** The form of a frame, as far as its header is available. */
export interface Form {
  readonly direction: Direction;
  /** The header's fields. */
  readonly header: readonly Piece[];
  /** Size of the whole header in bytes. */
  readonly headerSize: number;
  /** The code; undefined if the header ends before it. */
  readonly code: number | undefined;
  /**
   * The claimed size of the payload, undefined likewise. If the code is big
   * endian, the more plausible byte order counts.
   */
  readonly claim: number | undefined;
  /** The kind; undefined for an unknown code, and for a secure frame. */
  readonly kind: RequestKind | "failure" | undefined;
  /** The kind of a secure frame; undefined for all others. */
  readonly secure: SecureKind | undefined;
  /** Whether the code is unknown, but known in big endian. */
  readonly isBigEndian: boolean;
  /** The codec of the payload by the protocol; undefined likewise. */
  readonly codec: AnyField | undefined;
  /** The field by which this payload is read; undefined likewise. */
  readonly payload: AnyField | undefined;
}

/**
 * The form of the frame at the start of these bytes.
 *
 * @param dialect its dialect. Default: its code's
 */
export function formOf(
  bytes: Uint8Array,
  direction: Direction,
  dialect?: Dialect,
): Form {
  const header = headerOf(bytes, direction, dialect);
  const headerSize = header.fixedSize as number;
  const walk = new Walk(bytes, 0, Math.min(bytes.length, headerSize));
  walk.along(header, "header");
  const value = valuesOf(walk.pieces);
  const code = value("code");
  const kind = kindOf(code, direction, dialect);
  const secure = kind === undefined && code !== undefined
    ? secureKindOf(code, direction)
    : undefined;
  const isBigEndian = kind === undefined && secure === undefined &&
    code !== undefined && isKnownSwapped(code, direction);
  const size = value("payloadSize");
  const claim = isBigEndian && size !== undefined
    ? Math.min(size, swapped(size, 4))
    : size;
  const codec = secure === undefined
    ? kind && codecOf(kind, direction)
    : secureCodecOf(secure, direction);
  return {
    direction,
    header: walk.pieces,
    headerSize,
    code,
    claim,
    kind,
    secure,
    isBigEndian,
    codec,
    // KEY-4: some servers leave the owner's id out.
    payload: codec === responseCodecs.publicKey && claim === PUBLIC_KEY_SIZE
      ? withoutFirst(codec)
      : codec,
  };
}

/** Swaps the bytes of an integer. */
export function swapped(value: number, size: 2 | 4): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return size === 2 ? view.getUint16(0) : view.getUint32(0);
}

function isKnownSwapped(code: number, direction: Direction): boolean {
  const other = swapped(code, 2);
  // A code of one byte has no byte order.
  return kindOf(other, direction, undefined) !== undefined &&
    (direction === "answer" || dialectOf(other).codeSize === 2);
}

function headerOf(
  bytes: Uint8Array,
  direction: Direction,
  dialect: Dialect | undefined,
): AnyField {
  if (direction === "answer") return responseHeader;
  return dialect === undefined
    ? requestHeaderAt(bytes)
    : requestHeaderOf(dialect);
}

function kindOf(
  code: number | undefined,
  direction: Direction,
  dialect: Dialect | undefined,
): Form["kind"] {
  if (code === undefined) return undefined;
  if (direction === "request") return requestKind(code);
  if (code === ERROR_CODE) return "failure";
  const meant = (dialect === undefined ? dialects : [dialect])
    .map((dialect) => responseMeant(dialect, code))
    .find((meant) => meant !== undefined);
  return meant && respondedKind(meant);
}

function codecOf(
  kind: NonNullable<Form["kind"]>,
  direction: Direction,
): AnyField {
  if (kind === "failure") return failureCodec;
  return direction === "request" ? requestCodecs[kind] : responseCodecs[kind];
}

function withoutFirst(record: AnyField): AnyField {
  const { shape } = record;
  if (shape.kind !== "record") return record;
  const entries = shape.entries.slice(1);
  return { fixedSize: undefined, shape: { kind: "record", entries } };
}

/**
 * Size in bytes of the payload behind the header of the frame at the start of
 * these bytes; undefined if more bytes are needed.
 *
 * @param isFrame whether the frame ends with these bytes, apart from padding
 */
export function payloadSize(
  bytes: Uint8Array,
  { direction, kind, claim, headerSize, codec }: Form,
  isFrame: boolean,
): number | undefined {
  if (claim === undefined || direction === "answer" || kind === "failure") {
    return claim;
  }
  const payload = bytes.subarray(headerSize);
  const size = requestPayloadSize({ kind, headerSize, claim }, payload);
  if (typeof size === "number") return size;
  if (!isFrame || kind === "sendMessage") return undefined;
  // DIA-6: the block's end may be cut off.
  const { fixedSize = 0 } = codec ?? {};
  return payload.length < fixedSize ? 0 : fixedSize;
}

/** Looks up complete integers by their fields. */
function valuesOf(pieces: readonly Piece[]) {
  return (name: string): number | undefined => {
    const piece = pieces.find(({ field }) => field === name);
    return piece?.missing === 0 ? integer(piece.bytes) : undefined;
  };
}
