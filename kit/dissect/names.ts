import { MAX_NAME_LENGTH, NAME_SIZE } from "../../shared/wire/protocol.ts";
import { nameProblem } from "../../shared/wire/names.ts";
import { type Case, type Problem, problem } from "./problem.ts";

/** What every program takes in a name. */
const PORTABLE = /^[A-Za-z0-9_.-]+$/;

/** What a name breaks, in a registration or in a list. */
export function nameProblems({ piece, form }: Case): Problem[] {
  const isListed = form.direction === "answer";
  const end = piece.bytes.indexOf(0);
  if (end < 0) {
    const text = `no NUL within ${NAME_SIZE} bytes`;
    return [problem(isListed ? "LST-4" : "NAM-2", text)];
  }
  const padding = piece.bytes.subarray(end).every((byte) => byte === 0)
    ? []
    : [problem(isListed ? "LST-4" : "NAM-1", "other than NULs as padding")];
  return [...characterProblems(piece.bytes.subarray(0, end)), ...padding];
}

function characterProblems(bytes: Uint8Array): Problem[] {
  if (bytes.length === 0) {
    return [problem("NAM-3", `expected 1 to ${MAX_NAME_LENGTH} bytes, got 0`)];
  }
  const name = String.fromCharCode(...bytes);
  const wrong = nameProblem(name);
  if (wrong !== undefined) return [problem("NAM-4", wrong)];
  return PORTABLE.test(name)
    ? []
    : [problem("NAM-8", "other than letters, digits and _ . -")];
}
