/**
 * What a doctor's check finds, and the line that says it.
 *
 * @module
 */

/** How a check came out: `error` where the program can't work, `unknown` where nothing tells. */
export type Verdict = "ok" | "warning" | "error" | "unknown";

/** What a check found. */
export interface Finding {
  /** How it came out. */
  verdict: Verdict;
  /** What is so, in a sentence. */
  what: string;
  /** What to do about it, where something is wrong. */
  advice?: string;
}

/** How one program prints findings. */
export interface FindingStyle {
  /** The word for each verdict. */
  words: Readonly<Record<Verdict, string>>;
  /** Columns of the verdict. */
  verdictWidth: number;
  /** Columns of the subject. */
  subjectWidth: number;
}

/** Nothing is wrong. */
export function ok(what: string): Finding {
  return { verdict: "ok", what };
}

/** Something should be changed. */
export function warning(what: string, advice: string): Finding {
  return { verdict: "warning", what, advice };
}

/** Something must be changed. */
export function bad(what: string, advice?: string): Finding {
  return { verdict: "error", what, ...advice !== undefined && { advice } };
}

/** Nothing tells whether something is wrong. */
export function unknown(what: string, advice?: string): Finding {
  return { verdict: "unknown", what, ...advice !== undefined && { advice } };
}

/** The line of a finding; `subject` is the check's name in a word. */
export function formatFinding(
  subject: string,
  { verdict, what, advice }: Finding,
  { words, verdictWidth, subjectWidth }: FindingStyle,
): string {
  const end = advice === undefined ? "" : `: ${advice}`;
  return words[verdict].padEnd(verdictWidth) + subject.padEnd(subjectWidth) +
    what + end;
}
