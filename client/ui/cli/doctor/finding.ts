import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  bad,
  type Finding,
  type FindingStyle,
} from "../../../../shared/cli/finding.ts";
import { UserError } from "../../../errors.ts";

/** Style of the client's findings. */
export const STYLE: FindingStyle = {
  words: { ok: "ok", warning: "warning", error: "error", unknown: "unknown" },
  verdictWidth: 9,
  subjectWidth: 10,
};

/** Runs a check; a failure becomes a finding too. */
export async function found(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const hint = error instanceof UserError ? error.hint : undefined;
    return bad(reasonOf(error), hint ?? "See that the folder can be read");
  }
}
