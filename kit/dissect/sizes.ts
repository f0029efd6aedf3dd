import type { ClauseId } from "../clauses.ts";
import {
  LISTED_CLIENT_SIZE,
  PUBLIC_KEY_SIZE,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import { requests } from "../../shared/wire/requests.ts";
import { type Form, payloadSize } from "./form.ts";
import { type Case, missingPayload, type Problem, problem } from "./problem.ts";
import { integer } from "./walk.ts";

/** What a frame's payload size breaks. */
export function payloadSizeProblems(found: Case): Problem[] {
  const { form, frame, piece } = found;
  const wrong = form.kind === undefined ? undefined : wrongSize(form, frame);
  const missing = missingPayload(found);
  return [
    ...integer(piece.bytes) === form.claim
      ? []
      : [problem("FRM-1", `${form.claim} in big endian`)],
    ...wrong === undefined ? [] : [problem(clauseOf(form, frame), wrong)],
    ...missing === 0
      ? []
      : [problem("FRM-2", `${missing} of them aren't there`)],
  ];
}

function clauseOf(form: Form, frame: Uint8Array): ClauseId {
  const { direction, kind, codec } = form;
  if (kind === "failure") return "ERR-1";
  if (direction === "answer" && kind !== undefined) {
    return requests[kind].sizeClause;
  }
  // DIA-6: the payload is there, though a relay needn't look for it.
  const isThere = payloadSize(frame, form, true) === codec?.fixedSize;
  return isThere ? "FRM-2" : "REQ-6";
}

function wrongSize(form: Form, frame: Uint8Array): string | undefined {
  const { kind, claim, direction, codec } = form;
  const size = claim ?? 0;
  const exact = codec?.fixedSize;
  if (exact !== undefined && size !== exact) {
    return size === PUBLIC_KEY_SIZE && kind === "publicKey"
      ? "the key alone, without its owner's id (KEY-4)"
      : `expected ${exact}, got ${size}`;
  }
  if (kind === "clientsList" && size % LISTED_CLIENT_SIZE !== 0) {
    return `expected a multiple of ${LISTED_CLIENT_SIZE}, got ${size}`;
  }
  if (kind === "sendMessage" && direction === "request") {
    // SND-7: what a request for a key claims here doesn't count.
    return size < SEND_OVERHEAD &&
        payloadSize(frame, form, true) !== SEND_OVERHEAD
      ? `expected ${SEND_OVERHEAD} at least, got ${size}`
      : undefined;
  }
  return undefined;
}
