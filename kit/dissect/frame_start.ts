import { waitingHead } from "../../shared/wire/response_framer.ts";
import { sendHead } from "../../shared/wire/frames.ts";
import {
  CLIENT_ID_SIZE,
  LISTED_CLIENT_SIZE,
  MessageType,
  PUBLIC_KEY_SIZE,
  SEND_OVERHEAD,
  WAITING_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import {
  codeAt,
  dialects,
  requestKind,
  responseCodeIn,
} from "../../shared/wire/dialects.ts";
import { responseCodes } from "../../shared/wire/requests.ts";
import { type Direction, type Form, formOf } from "./form.ts";
import { secureKindOf } from "./secure/kind.ts";
import { CONTENT_SIZE, integer, Walk } from "./walk.ts";

/** Largest plausible version. */
const MOST_VERSION = 9;
/** Largest plausible size of a payload in bytes. */
const MOST_CLAIM = 16 * 1024 * 1024;

/** Number of bytes up to the end of the code, by direction. */
const CODE_ENDS = { request: CLIENT_ID_SIZE + 3, answer: 3 } as const;

const knownResponses: ReadonlySet<number> = new Set(
  dialects.flatMap((dialect) =>
    responseCodes.map((code) => responseCodeIn(dialect, code))
  ),
);

/**
 * Whether these bytes have a known code in its place, or end before it. A quick
 * test, since most bytes begin no frame.
 */
function mayBegin(bytes: Uint8Array, direction: Direction): boolean {
  if (bytes.length < CODE_ENDS[direction]) return true;
  const code = direction === "request"
    ? codeAt(bytes)
    : (bytes[1] ?? 0) + 256 * (bytes[2] ?? 0);
  const isLegacy = direction === "request"
    ? requestKind(code) !== undefined
    : knownResponses.has(code);
  return isLegacy || secureKindOf(code, direction) !== undefined;
}

/** A possible start of a frame. */
export interface FrameStart {
  /** Its offset in bytes. */
  readonly at: number;
  /** Whether a frame begins there; else more bytes are needed. */
  readonly isFrame: boolean;
}

/**
 * Finds the start of a frame: a header with a known code and a plausible size.
 */
export function frameStart(
  bytes: Uint8Array,
  direction: Direction,
): FrameStart {
  for (let at = 0; at < bytes.length; at++) {
    const rest = bytes.subarray(at);
    if (!mayBegin(rest, direction)) continue;
    const verdict = looksLikeFrame(rest, formOf(rest, direction));
    if (verdict !== false) return { at, isFrame: verdict === true };
  }
  return { at: bytes.length, isFrame: false };
}

/**
 * Whether these bytes may begin with a frame of this form: its code is known and
 * its size plausible. Undefined if more bytes are needed.
 */
export function looksLikeFrame(
  bytes: Uint8Array,
  form: Form,
): boolean | undefined {
  const { code, claim, kind, secure, codec, direction } = form;
  const isUnknown = kind === undefined && secure === undefined;
  if (code !== undefined && isUnknown) return false;
  if (code === undefined || claim === undefined) return undefined;
  const version = form.header.find(({ field }) => field === "version");
  const isVersion = version !== undefined &&
    integer(version.bytes) >= 1 && integer(version.bytes) <= MOST_VERSION;
  if (!isVersion || claim > MOST_CLAIM) return false;
  if (kind === "clientsList" && direction === "answer") {
    return claim % LISTED_CLIENT_SIZE === 0;
  }
  if (kind === "publicKey" && claim === PUBLIC_KEY_SIZE) return true;
  if (codec?.fixedSize !== undefined) return claim === codec.fixedSize;
  if (secure !== undefined) return true;
  if (direction === "answer" && claim === 0) return true;
  return looksLikeMessage(bytes, form, claim);
}

function looksLikeMessage(
  bytes: Uint8Array,
  { direction, headerSize }: Form,
  claim: number,
): boolean | undefined {
  const [head, overhead] = direction === "request"
    ? [sendHead, SEND_OVERHEAD] as const
    : [waitingHead, WAITING_OVERHEAD] as const;
  const end = Math.min(bytes.length, headerSize + overhead);
  const walk = new Walk(bytes, headerSize, end);
  if (!walk.along(head, "payload")) return undefined;
  const value = (name: string) =>
    integer(walk.pieces.find(({ field }) => field === name)?.bytes ?? bytes);
  const type = value("type");
  if (type < MessageType.KeyRequest || type > MessageType.File) return false;
  const size = value(CONTENT_SIZE) + overhead;
  return direction === "request" ? size === claim : size <= claim;
}
