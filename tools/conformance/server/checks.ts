/**
 * All checks of a server, in the report's order, and the choice of some.
 *
 * @module
 */

import { UsageError } from "../../../shared/usage_error.ts";
import type { Check } from "./check.ts";
import { connectionChecks } from "./checks/connections.ts";
import { deliveryChecks } from "./checks/delivery.ts";
import { failureChecks } from "./checks/failures.ts";
import { framingChecks } from "./checks/framing.ts";
import { generationChecks } from "./checks/generations.ts";
import { headerChecks } from "./checks/headers.ts";
import { keyChecks } from "./checks/keys.ts";
import { listChecks } from "./checks/list.ts";
import { loadChecks } from "./checks/load.ts";
import { stillServes } from "./checks/still_serves.ts";
import { nameChecks } from "./checks/names.ts";
import { pullingChecks } from "./checks/pulling.ts";
import { givesId, registrationChecks } from "./checks/registration.ts";
import { sendingChecks } from "./checks/sending.ts";

/** Tells whether the server answers at all. */
export const firstCheck: Check = givesId;

/** Tells whether it is still there after all others. */
export const lastCheck: Check = stillServes;

/** All checks. */
export const allChecks: readonly Check[] = [
  firstCheck,
  ...registrationChecks,
  ...nameChecks,
  ...listChecks,
  ...keyChecks,
  ...sendingChecks,
  ...pullingChecks,
  ...deliveryChecks,
  ...headerChecks,
  ...framingChecks,
  ...connectionChecks,
  ...failureChecks,
  ...generationChecks,
  ...loadChecks,
  lastCheck,
];

/**
 * The checks whose name, clause or subject fits one of the patterns.
 *
 * @param patterns with `*` for anything, in either case; all checks where none is given
 * @throws {UsageError} where one fits none
 */
export function selectChecks(patterns?: readonly string[]): readonly Check[] {
  if (patterns === undefined) return allChecks;
  const fits = patterns.map((pattern) => {
    const matcher = matcherOf(pattern);
    const fitting = allChecks.filter(({ name, clause, subject }) =>
      [name, clause, subject].some((text) => matcher.test(text))
    );
    if (fitting.length > 0) return fitting;
    throw new UsageError(
      `--only ${pattern}: no check has such a name, clause or subject; --list shows all`,
    );
  });
  return allChecks.filter((check) => fits.some((some) => some.includes(check)));
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "i");
}
