/**
 * What section 3 of docs/protocol.md makes of a stream of bytes. It is written
 * a second time here, from the text and without the relay's readers, so that
 * one can be held against the other.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { requestKind } from "../../shared/dialects.ts";
import {
  CLIENT_ID_SIZE,
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../shared/protocol.ts";
import {
  CODE_AT,
  CONTENT_AT,
  CONTENT_SIZE_AT,
  SIZE_AT,
  TYPE_AT,
  viewOf,
} from "./layout.ts";

/** What a well-formed request asks for; ids are in hex. */
export type Asked =
  | { kind: "register"; name: string }
  | { kind: "clientsList" }
  | { kind: "publicKey"; target: string }
  | { kind: "sendMessage"; target: string; type: number; content: Uint8Array }
  | { kind: "waitingMessages" };

/** A request in a stream that is owed an answer. */
export interface Step {
  /** Who asks, in hex. */
  sender: string;
  /** What for, or undefined where the bytes deserve a 9000. */
  asked: Asked | undefined;
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
  /**
   * Whether the answer depends on bytes that must come within a time: then only
   * a stream that is sent in one write has one reading (section 3, point 5).
   */
  hasty: boolean;
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
  while (start + REQUEST_HEADER_SIZE <= stream.length) {
    const rest = stream.subarray(start);
    const claim = viewOf(rest).getUint32(SIZE_AT, true);
    const kind = requestKind(viewOf(rest).getUint16(CODE_AT, true));
    const possible = kind !== "sendMessage" ||
      claim >= SEND_OVERHEAD && claim <= maxMessage;
    hasty ||= !possible;
    const size = kind === "sendMessage" && isKeyRequest(rest)
      ? SEND_OVERHEAD
      : claim;
    const asked = kind && (size === SEND_OVERHEAD || possible)
      ? read(kind, rest, size)
      : undefined;
    const atOnce = size > maxMessage;
    const end = start + REQUEST_HEADER_SIZE + size;
    const dueAt = atOnce ? start + REQUEST_HEADER_SIZE : end;
    if (dueAt > stream.length) break;
    const sender = encodeHex(rest.subarray(0, CLIENT_ID_SIZE));
    steps.push({ sender, asked, start, dueAt, end });
    start = end;
  }
  return { steps, trailing: start !== stream.length, hasty };
}

/** Section 3, point 5: type 1 and content size 0 end a 603 after 21 bytes. */
function isKeyRequest(rest: Uint8Array): boolean {
  return rest.length >= CONTENT_AT && rest[TYPE_AT] === 1 &&
    viewOf(rest).getUint32(CONTENT_SIZE_AT, true) === 0;
}

function read(
  kind: Asked["kind"],
  rest: Uint8Array,
  size: number,
): Asked | undefined {
  const payload = rest.subarray(
    REQUEST_HEADER_SIZE,
    REQUEST_HEADER_SIZE + size,
  );
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
      const type = rest[TYPE_AT] ?? 0;
      const claimed = viewOf(rest).getUint32(CONTENT_SIZE_AT, true);
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
    if (byte === 0) return name === "" ? undefined : { kind: "register", name };
    // Section 2: control characters are refused, and so is what isn't ASCII.
    if (byte < 0x20 || byte > 0x7e) return undefined;
    name += String.fromCharCode(byte);
  }
  return undefined;
}
