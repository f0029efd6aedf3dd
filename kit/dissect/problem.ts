import type { ClauseId } from "../clauses.ts";
import { type Form, payloadSize } from "./form.ts";
import type { Piece } from "./walk.ts";

/** Something that a clause forbids. */
export interface Problem {
  /** The clause's number. */
  readonly clause: ClauseId;
  /** What is wrong, in some words without a full stop. */
  readonly text: string;
}

/** Something that a clause forbids. */
export function problem(clause: ClauseId, text: string): Problem {
  return { clause, text };
}

/** A field and the frame in which it stands. */
export interface Case {
  /** The field. */
  readonly piece: Piece;
  /** What the frame is. */
  readonly form: Form;
  /** All of its bytes. */
  readonly frame: Uint8Array;
  /** Bytes of the frame that came but aren't among these. */
  readonly unseen: number;
}

/** Bytes of payload that the frame has to have more than came. */
export function missingPayload({ form, frame, unseen }: Case): number {
  const size = payloadSize(frame, form, true) ?? form.claim ?? 0;
  return Math.max(0, form.headerSize + size - frame.length - unseen);
}
