/**
 * Which clauses a field of a frame breaks.
 *
 * @module
 */

import { isMessageType, PROTOCOL_VERSION } from "../../shared/wire/protocol.ts";
import { contentProblems, contentSizeProblems } from "./contents.ts";
import { idProblems } from "./ids.ts";
import { nameProblems } from "./names.ts";
import { swapped } from "./form.ts";
import { type Case, missingPayload, type Problem, problem } from "./problem.ts";
import { keyProblems } from "./public_key.ts";
import { payloadSizeProblems } from "./sizes.ts";
import { CONTENT_SIZE, integer } from "./walk.ts";
import { PULL } from "../requests.ts";

const judges: Readonly<Record<string, (found: Case) => Problem[]>> = {
  clientId: idProblems,
  version: versionProblems,
  code: codeProblems,
  payloadSize: payloadSizeProblems,
  name: nameProblems,
  publicKey: keyProblems,
  type: typeProblems,
  [CONTENT_SIZE]: contentSizeProblems,
  content: contentProblems,
  trailing: ({ piece }) => [
    problem("FRM-2", `${piece.bytes.length} bytes follow the frame's end`),
  ],
};

/** All that is wrong with a field. */
export function judge(found: Case): Problem[] {
  const { piece } = found;
  const isThere = piece.missing === 0 ||
    piece.field === "content" && piece.missing <= found.unseen;
  return isThere ? judges[piece.field]?.(found) ?? [] : cutProblems(found);
}

/** What a field that isn't there whole breaks, where nothing before it told so. */
function cutProblems(found: Case): Problem[] {
  const { piece, form, frame, unseen } = found;
  if (form.claim === undefined) {
    return [problem("FRM-2", `the header ends after ${frame.length} bytes`)];
  }
  const isInbox = form.kind === PULL && piece.field !== "content";
  if (!isInbox || unseen > 0 || missingPayload(found) > 0) return [];
  return [problem("PUL-1", "the payload ends within a message")];
}

function versionProblems({ piece, form }: Case): Problem[] {
  const version = integer(piece.bytes);
  if (version === PROTOCOL_VERSION) return [];
  const clause = form.direction === "request" ? "REQ-8" : "ANS-2";
  return [
    problem(clause, `expected version ${PROTOCOL_VERSION}, got ${version}`),
  ];
}

function codeProblems({ form }: Case): Problem[] {
  if (form.kind !== undefined) return [];
  if (form.isBigEndian) {
    return [problem("FRM-1", `${swapped(form.code ?? 0, 2)} in big endian`)];
  }
  return form.direction === "request"
    ? [problem("REQ-5", `${form.code} is no request`)]
    : [problem("ANS-3", `${form.code} is no answer`)];
}

function typeProblems({ piece }: Case): Problem[] {
  const type = integer(piece.bytes);
  return isMessageType(type)
    ? []
    : [problem("SND-5", `expected a type from 1 to 4, got ${type}`)];
}
