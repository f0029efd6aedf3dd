import { ENCRYPTED_KEY_SIZE } from "../../shared/crypto/crypto.ts";
import { BLOCK_SIZE } from "../../shared/crypto/legacy_aes.ts";
import { MessageType, SEND_OVERHEAD } from "../../shared/wire/protocol.ts";
import { type Case, missingPayload, type Problem, problem } from "./problem.ts";
import { integer } from "./walk.ts";

/** What the size of a content breaks, held against that of the payload. */
export function contentSizeProblems(found: Case): Problem[] {
  const { piece, form } = found;
  const size = integer(piece.bytes);
  const claim = form.claim ?? 0;
  if (form.direction === "request") {
    const type = piece.record.get("type");
    const isKeyRequest = type !== undefined &&
      integer(type.bytes) === MessageType.KeyRequest;
    return sentSizeProblems(size, claim - SEND_OVERHEAD, isKeyRequest);
  }
  // Where the payload is cut, its own size tells.
  if (missingPayload(found) > 0) return [];
  const end = piece.offset + piece.bytes.length;
  return waitingSizeProblems(size, form.headerSize + claim - end);
}

function sentSizeProblems(
  size: number,
  expected: number,
  isKeyRequest: boolean,
): Problem[] {
  if (size === expected) return [];
  // SND-7: a relay takes this one all the same, and refuses all others.
  const clause = isKeyRequest && size === 0 ? "SND-1" : "SND-8";
  return [problem(clause, `expected ${Math.max(0, expected)}, got ${size}`)];
}

function waitingSizeProblems(size: number, left: number): Problem[] {
  return size <= left
    ? []
    : [problem("PUL-1", `${size} bytes claimed, ${left} left`)];
}

/** What a content breaks; only its size can be seen. */
export function contentProblems({ piece }: Case): Problem[] {
  const type = piece.record.get("type");
  const size = piece.bytes.length + piece.missing;
  switch (type && integer(type.bytes)) {
    case MessageType.KeyRequest:
      return size === 0 ? [] : [problem("MSG-1", "expected no content")];
    case MessageType.Key:
      return size === ENCRYPTED_KEY_SIZE ? [] : [
        problem("RSA-1", `expected ${ENCRYPTED_KEY_SIZE} bytes, got ${size}`),
      ];
    case MessageType.Text:
    case MessageType.File:
      return size > 0 && size % BLOCK_SIZE === 0 ? [] : [
        problem(
          "AES-1",
          `expected a multiple of ${BLOCK_SIZE} bytes, got ${size}`,
        ),
      ];
    default:
      return [];
  }
}
