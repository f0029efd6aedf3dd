import { reasonOf } from "../../../../shared/cli/reason.ts";
import { UserError } from "../../../errors.ts";

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

/** A check's finding, also where it fails. */
export async function found(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const hint = error instanceof UserError ? error.hint : undefined;
    return bad(reasonOf(error), hint ?? "See that the folder can be read");
  }
}
