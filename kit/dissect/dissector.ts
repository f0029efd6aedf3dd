/**
 * Dissects frames for people: each field with its bytes, what they mean and
 * which clauses of docs/protocol.md they break. Nothing is refused: bytes of
 * unknown meaning are a part too.
 *
 * @module
 */

import { BLOCK_SIZE, type Dialect } from "../../shared/wire/dialects.ts";
import type { RequestKind } from "../../shared/wire/requests.ts";
import { type Direction, type Form, formOf, payloadSize } from "./form.ts";
import { judge, type Problem } from "./judge.ts";
import { meaningOf } from "./meaning.ts";
import { summary } from "./summary.ts";
import { type Piece, Walk } from "./walk.ts";

export type { Direction } from "./form.ts";
export type { Problem } from "./judge.ts";

/** One field of a frame. */
export interface Part {
  /** Which, such as `header.code` or `payload[2].content.size`. */
  readonly path: string;
  /** Bytes before it in the frame. */
  readonly offset: number;
  /** Its bytes, as far as they are there: a view of the frame. */
  readonly bytes: Uint8Array;
  /** What they say, fit for a terminal. */
  readonly meaning: string;
  /** What is wrong with them. */
  readonly problems: readonly Problem[];
}

/** A dissected frame. */
export interface Dissection {
  /** Whether it is a request or a response. */
  readonly direction: Direction;
  /** What it asks or answers; undefined where the code means nothing. */
  readonly kind: RequestKind | "failure" | undefined;
  /** Its code; undefined where it ends before that. */
  readonly code: number | undefined;
  /** The frame in a line, such as `603 send a message: text, 32 bytes`. */
  readonly what: string;
  /** Its fields in their order; together they are all of its bytes. */
  readonly parts: readonly Part[];
  /** All that is wrong with it, in the order of the parts. */
  readonly problems: readonly Problem[];
}

/**
 * Dissects a frame, header and payload. Never throws, whatever the bytes.
 *
 * @param frame a whole frame, or the start of one
 * @param direction whether it is a request or a response
 * @param dialect the frame's dialect. Default: its code's
 * @param unseen number of bytes of the frame that arrived but aren't here.
 * Default: 0
 */
export function dissect(
  frame: Uint8Array,
  direction: Direction,
  dialect?: Dialect,
  unseen = 0,
): Dissection {
  const form = formOf(frame, direction, dialect);
  const pieces = [...form.header, ...behindHeader(frame, form)];
  const parts = pieces.map((piece): Part => ({
    path: piece.path,
    offset: piece.offset,
    bytes: piece.bytes,
    meaning: meaningOf(piece, form),
    problems: judge({ piece, form, frame, unseen }),
  }));
  const problems = parts.flatMap(({ problems }) => problems);
  const { kind, code } = form;
  return {
    direction,
    kind,
    code,
    what: summary(pieces, form),
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
