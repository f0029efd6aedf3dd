/**
 * What docs/protocol.md makes of a stream of bytes. It is written
 * a second time here, from the text and without the relay's readers, so that
 * one can be held against the other.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  type Dialect,
  dialectOf,
  paddingBehind,
  requestKind,
} from "../../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { BLOCKS, CODE_AT, viewOf } from "./layout.ts";
import { PULL } from "../../../kit/requests.ts";
import type { RequestKind } from "../../../shared/wire/requests.ts";

/** The kinds that are modelled; a stream ends before a request of another kind. */
const KINDS: readonly RequestKind[] = [
  "register",
  "clientsList",
  "publicKey",
  "sendMessage",
  PULL,
];

/** What a well-formed request asks for; ids are in hex. */
export type Asked =
  | { kind: "register"; name: string; publicKey: string }
  | { kind: "publicKey"; target: string }
  | { kind: "sendMessage"; target: string; type: number; content: Uint8Array }
  | { kind: Exclude<RequestKind, "register" | "publicKey" | "sendMessage"> };

/** A request in a stream that is owed an answer. */
export interface Step {
  /** The requester's id in hex. */
  sender: string;
  /** What for, or undefined where the bytes deserve a 9000. */
  asked: Asked | undefined;
  /** The dialect of its answer. */
  dialect: Dialect;
  /** Where its header starts, in bytes. */
  start: number;
  /** How many bytes of the stream the relay needs before it may answer. */
  dueAt: number;
  /** Where the next header starts; behind the stream's end where a claim does. */
  end: number;
}

/** A stream as the relay has to see it. */
export interface Framing {
  /** The requests that are owed an answer, in order. */
  steps: Step[];
  /** Whether bytes follow the last of them that are no whole request. */
  trailing: boolean;
  /** Whether the last of them is padded to its block, so that the relay ends the connection. */
  padded: boolean;
  /**
   * Whether the answer depends on bytes that must come within a time: then only
   * a stream that is sent in one write has one reading (SND-7).
   */
  hasty: boolean;
  /** Where the first request of a kind starts that isn't modelled here. */
  foreignAt?: number;
}

/**
 * Cuts a stream into requests.
 *
 * @param maxMessage bytes of the largest payload that the relay takes
 */
export function frame(stream: Uint8Array, maxMessage: number): Framing {
  const steps: Step[] = [];
  let hasty = false;
  let start = 0;
  /** Zeros that may be padding are requests once something else follows them. */
  let told = 0;
  /** Whether a request came before, behind which a zero may be dropped. */
  let isBehind = false;
  for (;;) {
    if (isBehind && isStrayZero(stream.subarray(start))) start++;
    const rest = stream.subarray(start);
    const header = readHeader(rest);
    if (header === undefined) break;
    const { kind, claim, size: headerSize } = header;
    if (kind !== undefined && !KINDS.includes(kind)) {
      return { steps, trailing: true, padded: false, hasty, foreignAt: start };
    }
    const behind = rest.subarray(headerSize);
    const possible = kind !== "sendMessage" ||
      claim >= SEND_OVERHEAD && claim <= maxMessage;
    const lacksSize = claim === 0 && ownSize(kind) > 0;
    hasty ||= !possible || lacksSize;
    const size = sizeBehind(header, behind);
    const asked = kind && (size === SEND_OVERHEAD || possible)
      ? read(kind, behind, size)
      : undefined;
    const atOnce = size > maxMessage;
    const end = start + headerSize + size;
    const dueAt = Math.max(told, atOnce ? start + headerSize : end);
    if (dueAt > stream.length) break;
    const sender = encodeHex(rest.subarray(0, CLIENT_ID_SIZE));
    const dialect = dialectOf(header.code);
    steps.push({ sender, asked, dialect, start, dueAt, end });
    const isZeros = rest.subarray(0, headerSize).every((byte) => byte === 0);
    isBehind = !isZeros;
    const left = isZeros ? 0 : paddingBehind(end - start, BLOCKS);
    start = end;
    const zeros = zerosAt(stream.subarray(end, end + left));
    if (zeros === 0) continue;
    const more = stream.length > end + zeros;
    // A client may fill more than a block.
    const isHeader = zeros === left &&
      stream.length >= end + REQUEST_HEADER_SIZE &&
      zerosAt(stream.subarray(end, end + REQUEST_HEADER_SIZE)) ===
        REQUEST_HEADER_SIZE;
    if (zeros === left && left < REQUEST_HEADER_SIZE && more && !isHeader) {
      // Padding, unless what follows comes at once.
      hasty = true;
    } else if (zeros === left) {
      return { steps, trailing: true, padded: true, hasty };
    } else if (!more) break;
    told = end + zeros + 1;
  }
  const trailing = start !== stream.length;
  return { steps, trailing, padded: false, hasty };
}

/** DIA-7: the zero begins no header that has a code, and one stands behind it. */
function isStrayZero(rest: Uint8Array): boolean {
  return rest[0] === 0 && rest.length >= REQUEST_HEADER_SIZE - 1 &&
    requestKind(readCode(rest).code) === undefined &&
    requestKind(readCode(rest.subarray(1)).code) !== undefined;
}

function zerosAt(bytes: Uint8Array): number {
  const other = bytes.findIndex((byte) => byte !== 0);
  return other < 0 ? bytes.length : other;
}

/** DIA-3: byte 17 tells whether a header has 22 bytes or 23. */
function readCode(header: Uint8Array): { code: number; codeSize: number } {
  const first = header[CODE_AT] ?? 0;
  return dialectOf(first).codeSize === 1
    ? { code: first, codeSize: 1 }
    : { code: viewOf(header).getUint16(CODE_AT, true), codeSize: 2 };
}

/** A request's header: its own size, its code, and what it says of the payload. */
interface Header {
  size: number;
  code: number;
  claim: number;
  kind: RequestKind | undefined;
}

function readHeader(rest: Uint8Array): Header | undefined {
  if (rest.length < REQUEST_HEADER_SIZE - 1) return undefined;
  const { code, codeSize } = readCode(rest);
  const size = REQUEST_HEADER_SIZE - 2 + codeSize;
  if (rest.length < size) return undefined;
  const claim = viewOf(rest).getUint32(CODE_AT + codeSize, true);
  return { size, code, claim, kind: requestKind(code) };
}

/** Bytes of a 603's payload before the content's size. */
const CONTENT_SIZE_AT = CLIENT_ID_SIZE + 1;

/** SND-7: type 1 and content size 0 end a 603 after 21 bytes. */
function isKeyRequest(behind: Uint8Array): boolean {
  return behind.length >= SEND_OVERHEAD && behind[CLIENT_ID_SIZE] === 1 &&
    viewOf(behind).getUint32(CONTENT_SIZE_AT, true) === 0;
}

/** Bytes of a payload whose size some clients don't set; 0 of all others. */
function ownSize(kind: RequestKind | undefined): number {
  if (kind === "register") return NAME_SIZE + PUBLIC_KEY_SIZE;
  return kind === "publicKey" ? CLIENT_ID_SIZE : 0;
}

/** Bytes of the payload behind a header. */
function sizeBehind(
  { kind, claim, size: headerSize }: Header,
  behind: Uint8Array,
): number {
  if (kind === "sendMessage" && isKeyRequest(behind)) return SEND_OVERHEAD;
  const own = ownSize(kind);
  if (claim > 0 || own === 0) return claim;
  // DIA-8: the id comes by itself, and nothing behind it.
  if (kind === "publicKey" && behind.length === own) return own;
  // DIA-6: it isn't zeros, and there is nothing else up to the end of the block.
  const left = paddingBehind(headerSize, BLOCKS);
  const isInBlock = behind.length >= left &&
    zerosAt(behind.subarray(0, own)) < own &&
    zerosAt(behind.subarray(own, left)) === left - own;
  return isInBlock ? own : claim;
}

function read(
  kind: Asked["kind"],
  behind: Uint8Array,
  size: number,
): Asked | undefined {
  const payload = behind.subarray(0, size);
  if (payload.length < size) return undefined;
  const target = encodeHex(payload.subarray(0, CLIENT_ID_SIZE));
  switch (kind) {
    case "register":
      return size === NAME_SIZE + PUBLIC_KEY_SIZE
        ? readName(payload)
        : undefined;
    case "publicKey":
      return size === CLIENT_ID_SIZE ? { kind, target } : undefined;
    case "sendMessage": {
      const type = payload[CLIENT_ID_SIZE] ?? 0;
      const claimed = viewOf(payload).getUint32(CONTENT_SIZE_AT, true);
      const content = payload.slice(SEND_OVERHEAD);
      return type >= 1 && type <= 4 && claimed === content.length
        ? { kind, target, type, content }
        : undefined;
    }
    default:
      return size === 0 ? { kind } : undefined;
  }
}

function readName(payload: Uint8Array): Asked | undefined {
  let name = "";
  for (const byte of payload.subarray(0, NAME_SIZE)) {
    if (byte === 0) {
      const publicKey = encodeHex(payload.subarray(NAME_SIZE));
      return name === "" ? undefined : { kind: "register", name, publicKey };
    }
    // NAM-4: control characters are refused, and so is what isn't ASCII.
    if (byte < 0x20 || byte > 0x7e) return undefined;
    name += String.fromCharCode(byte);
  }
  return undefined;
}
