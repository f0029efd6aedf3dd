/**
 * Results of a doctor's checks, and the lines that print them.
 *
 * @module
 */

/** Result of a check: `error` if the program can't work, `unknown` if it can't be determined. */
export type Verdict = "ok" | "warning" | "error" | "unknown";

/** A check's result with its explanation. */
export interface Finding {
  verdict: Verdict;
  /** The observed state, in a sentence. */
  what: string;
  /** What the user can do about it. */
  advice?: string;
}

/** How a program prints findings. */
export interface FindingStyle {
  /** The word for each verdict. */
  words: Readonly<Record<Verdict, string>>;
  /** Columns of the verdict. */
  verdictWidth: number;
  /** Columns of the subject. */
  subjectWidth: number;
}

/** Makes a finding that all is well. */
export function ok(what: string): Finding {
  return { verdict: "ok", what };
}

/** Makes a finding that something should be changed. */
export function warning(what: string, advice: string): Finding {
  return { verdict: "warning", what, advice };
}

/** Makes a finding that something must be changed. */
export function bad(what: string, advice?: string): Finding {
  return { verdict: "error", what, ...advice !== undefined && { advice } };
}

/** Makes a finding that can't be determined. */
export function unknown(what: string, advice?: string): Finding {
  return { verdict: "unknown", what, ...advice !== undefined && { advice } };
}

/** Formats a finding as a line; `subject` is the check's name, one word. */
export function formatFinding(
  subject: string,
  { verdict, what, advice }: Finding,
  { words, verdictWidth, subjectWidth }: FindingStyle,
): string {
  const end = advice === undefined ? "" : `: ${advice}`;
  return words[verdict].padEnd(verdictWidth) + subject.padEnd(subjectWidth) +
    what + end;
}
