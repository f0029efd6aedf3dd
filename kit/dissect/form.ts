/**
 * What a frame's header says it is, and so which of the codec's records lies
 * behind it.
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
import { integer, type Piece, Walk } from "./walk.ts";

/** From the client to the relay, or back. */
export type Direction = "request" | "answer";

/** What a frame is, as far as its header is there. */
export interface Form {
  readonly direction: Direction;
  /** The header's fields. */
  readonly header: readonly Piece[];
  /** Bytes of a whole header of this kind. */
  readonly headerSize: number;
  /** The code, or undefined where the header ends before it. */
  readonly code: number | undefined;
  /**
   * Bytes of payload that the header claims, or undefined likewise. Where the
   * code is big endian, what makes more sense.
   */
  readonly claim: number | undefined;
  /** What it asks or answers; undefined where the code means nothing. */
  readonly kind: RequestKind | "failure" | undefined;
  /** Whether the code means nothing, and would in big endian. */
  readonly isBigEndian: boolean;
  /** What such a payload is, by the protocol; undefined likewise. */
  readonly codec: AnyField | undefined;
  /** The record by which this one is read; undefined where the code means nothing. */
  readonly payload: AnyField | undefined;
}

/**
 * The form of the frame at the start of these bytes.
 *
 * @param dialect what it is in; default: what its code tells
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
  const isBigEndian = kind === undefined && code !== undefined &&
    isKnownSwapped(code, direction);
  const size = value("payloadSize");
  const claim = isBigEndian && size !== undefined
    ? Math.min(size, swapped(size, 4))
    : size;
  const codec = kind && codecOf(kind, direction);
  return {
    direction,
    header: walk.pieces,
    headerSize,
    code,
    claim,
    kind,
    isBigEndian,
    codec,
    // KEY-4: some servers leave the owner's id out.
    payload: codec === responseCodecs.publicKey && claim === PUBLIC_KEY_SIZE
      ? withoutFirst(codec)
      : codec,
  };
}

/** An integer whose bytes stand the other way round. */
export function swapped(value: number, size: 2 | 4): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return size === 2 ? view.getUint16(0) : view.getUint32(0);
}

function isKnownSwapped(code: number, direction: Direction): boolean {
  const other = swapped(code, 2);
  // A code of one byte can't stand the other way round.
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
 * these bytes; undefined where more of them are needed to know.
 *
 * @param isFrame whether the frame ends where these bytes do, or with padding
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

/** Looks up integers that are there whole, by their fields. */
function valuesOf(pieces: readonly Piece[]) {
  return (name: string): number | undefined => {
    const piece = pieces.find(({ field }) => field === name);
    return piece?.missing === 0 ? integer(piece.bytes) : undefined;
  };
}
