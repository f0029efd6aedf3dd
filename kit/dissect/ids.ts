import { type Case, type Problem, problem } from "./problem.ts";

/** Where a UUID's version stands, 4 bits. */
const UUID_VERSION_AT = 6;
/** Where its variant stands, 2 bits. */
const UUID_VARIANT_AT = 8;

/** What the id of a request's sender breaks, or one that was given. */
export function idProblems({ piece, form }: Case): Problem[] {
  if (form.direction === "request") {
    if (form.kind === undefined) return [];
    const isNobody = piece.bytes.every((byte) => byte === 0);
    if (isNobody === (form.kind === "register")) return [];
    return [
      problem(
        "REQ-9",
        isNobody
          ? "zeros are nobody's id"
          : "expected zeros: there is no id yet",
      ),
    ];
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
