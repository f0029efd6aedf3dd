/**
 * Dissects frames: each field with its bytes, their meaning and the clauses of
 * docs/protocol.md that they break. Unknown bytes are a part, too.
 *
 * @module
 */

import { BLOCK_SIZE, type Dialect } from "../../shared/wire/dialects.ts";
import type { RequestKind } from "../../shared/wire/requests.ts";
import { type Direction, type Form, formOf, payloadSize } from "./form.ts";
import { judge, type Problem } from "./judge.ts";
import { meaningOf } from "./meaning.ts";
import { Names } from "./names.ts";
import { expanded } from "./secure/expand.ts";
import { secureJudge } from "./secure/judge.ts";
import type { SecureKind } from "./secure/kind.ts";
import { summary } from "./summary.ts";
import { type Piece, Walk } from "./walk.ts";

export type { Direction } from "./form.ts";
export type { Problem } from "./judge.ts";

/** A field of a frame. */
export interface Part {
  /** Its path, such as `header.code` or `payload[2].content.size`. */
  readonly path: string;
  /** Its offset in the frame, in bytes. */
  readonly offset: number;
  /** Its available bytes, a view of the frame. */
  readonly bytes: Uint8Array;
  /** Their meaning, safe for a terminal. */
  readonly meaning: string;
  /** Its problems. */
  readonly problems: readonly Problem[];
}

/** A dissected frame. */
export interface Dissection {
  /** Whether it is a request or a response. */
  readonly direction: Direction;
  /** Its kind; undefined for an unknown code, and for a secure frame. */
  readonly kind: RequestKind | "failure" | undefined;
  /** The kind of a secure frame; undefined for all others. */
  readonly secure: SecureKind | undefined;
  /** Its code; undefined if the frame ends before it. */
  readonly code: number | undefined;
  /** The frame in a line, such as `603 send a message: text, 32 bytes`. */
  readonly what: string;
  /** Its fields in order, which cover all bytes. */
  readonly parts: readonly Part[];
  /** All problems, in the order of the parts. */
  readonly problems: readonly Problem[];
}

/** What is known of a frame besides its bytes. */
export interface Context {
  /** Its dialect. Default: its code's. */
  readonly dialect?: Dialect | undefined;
  /** Number of bytes of it that arrived but aren't here. Default: 0. */
  readonly unseen?: number;
  /** Names of clients, shown beside their ids; the frame's are added. */
  readonly names?: Names;
  /** The name in the registration that it responds to. */
  readonly registered?: Uint8Array | undefined;
}

/**
 * Dissects a frame, header and payload. Never throws.
 *
 * @param frame a whole frame, or the start of one
 * @param direction whether it is a request or a response
 */
export function dissect(
  frame: Uint8Array,
  direction: Direction,
  { dialect, unseen = 0, names = new Names(), registered }: Context = {},
): Dissection {
  const form = formOf(frame, direction, dialect);
  const whole = [...form.header, ...behindHeader(frame, form)];
  const { kind, code, secure } = form;
  const pieces = secure === undefined ? whole : expanded(frame, whole);
  names.learn(pieces, form, registered);
  const judged = secure === undefined
    ? (piece: Piece) => judge({ piece, form, frame, unseen })
    : secureJudge({ kind: secure, form, frame, unseen, whole, pieces });
  const parts = pieces.map((piece): Part => ({
    path: piece.path,
    offset: piece.offset,
    bytes: piece.bytes,
    meaning: meaningOf(piece, form, names),
    problems: judged(piece),
  }));
  const problems = parts.flatMap(({ problems }) => problems);
  return {
    direction,
    kind,
    secure,
    code,
    what: summary(pieces, form, names),
    parts,
    problems,
  };
}

function behindHeader(frame: Uint8Array, form: Form): readonly Piece[] {
  const size = payloadSize(frame, form, true) ?? form.claim ?? 0;
  const end = Math.min(frame.length, form.headerSize + size);
  const walk = new Walk(frame, Math.min(form.headerSize, end), end);
  if (form.payload === undefined) walk.rest("payload");
  else if (size > 0) walk.along(form.payload, "payload");
  walk.rest("payload.rest", "rest");
  const behind = new Walk(frame, end, frame.length);
  // DIA-5
  const isPadding = frame.length % BLOCK_SIZE === 0 &&
    frame.subarray(end).every((byte) => byte === 0);
  behind.rest(isPadding ? "padding" : "trailing");
  return [...walk.pieces, ...behind.pieces];
}
