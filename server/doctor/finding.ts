/**
 * What a check found, and the line that says it.
 *
 * @module
 */

/** How it stands: `bad` where the relay shouldn't be run so, `?` where nothing tells. */
export type Verdict = "ok" | "warn" | "bad" | "?";

/** What a check found. */
export interface Finding {
  /** How it stands. */
  verdict: Verdict;
  /** What is so, in a sentence. */
  what: string;
  /** What to do about it, where something is wrong. */
  advice?: string;
}

/** Columns of the longest verdict, and of the longest subject. */
const VERDICT_WIDTH = 5;
const SUBJECT_WIDTH = 8;

/** The line of a finding; `subject` is the check's name in a word. */
export function formatFinding(
  subject: string,
  { verdict, what, advice }: Finding,
): string {
  const end = advice === undefined ? "" : `: ${advice}`;
  return verdict.padEnd(VERDICT_WIDTH) + subject.padEnd(SUBJECT_WIDTH) + what +
    end;
}
