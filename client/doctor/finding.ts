/** How a check came out: with an error the client can't do its work. */
export type Verdict = "ok" | "warning" | "error";

/** What a check found. */
export interface Finding {
  /** How it came out. */
  verdict: Verdict;
  /** What is so, in a sentence. */
  what: string;
  /** What to do about it, where something is wrong. */
  advice?: string;
}

/** Nothing is wrong. */
export function ok(what: string): Finding {
  return { verdict: "ok", what };
}

/** Something should be otherwise. */
export function warning(what: string, advice: string): Finding {
  return { verdict: "warning", what, advice };
}

/** Something is wrong. */
export function bad(what: string, advice: string): Finding {
  return { verdict: "error", what, advice };
}
