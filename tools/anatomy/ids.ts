import { type Case, type Problem, problem } from "./problem.ts";

/** Where a UUID's version stands, 4 bits. */
const UUID_VERSION_AT = 6;
/** Where its variant stands, 2 bits. */
const UUID_VARIANT_AT = 8;

/** What the id of a request's sender breaks, or one that was given. */
export function idProblems({ piece, form }: Case): Problem[] {
  if (form.direction === "request") {
    const isNobody = piece.bytes.every((byte) => byte === 0);
    return isNobody && form.kind !== undefined && form.kind !== "register"
      ? [problem("REQ-9", "zeros are nobody's id")]
      : [];
  }
  if (form.kind !== "register") return [];
  return [
    ...isUuid4(piece.bytes) ? [] : [problem("CID-2", "no UUID of version 4")],
    ...piece.bytes.includes(0) ? [problem("CID-3", "a byte is zero")] : [],
  ];
}

function isUuid4(bytes: Uint8Array): boolean {
  return (bytes[UUID_VERSION_AT] ?? 0) >> 4 === 4 &&
    (bytes[UUID_VARIANT_AT] ?? 0) >> 6 === 2;
}
