/**
 * All checks of a server, in the order of the report.
 *
 * @module
 */

import { chosenChecks } from "../chosen_checks.ts";
import type { Check } from "./check.ts";
import { connectionChecks } from "./checks/connections.ts";
import { deliveryChecks } from "./checks/delivery.ts";
import { failureChecks, lateFailureChecks } from "./checks/failures.ts";
import { framingChecks, lateFramingChecks } from "./checks/framing.ts";
import { dialectChecks } from "./checks/dialects.ts";
import { headerChecks } from "./checks/headers.ts";
import { keyChecks } from "./checks/keys.ts";
import { listChecks } from "./checks/list.ts";
import { loadChecks } from "./checks/load.ts";
import { stillServes } from "./checks/still_serves.ts";
import { nameChecks } from "./checks/names.ts";
import { pullingChecks } from "./checks/pulling.ts";
import {
  givesId,
  lateRegistrationChecks,
  registrationChecks,
} from "./checks/registration.ts";
import { sendingChecks } from "./checks/sending.ts";

/** Shows whether the server responds at all. */
export const firstCheck: Check = givesId;

/** Shows whether the server works after all other checks. */
export const lastCheck: Check = stillServes;

/** All checks. */
export const allChecks: readonly Check[] = [
  firstCheck,
  ...registrationChecks,
  ...listChecks,
  ...keyChecks,
  ...sendingChecks,
  ...pullingChecks,
  ...deliveryChecks,
  ...headerChecks,
  ...framingChecks,
  ...connectionChecks,
  ...failureChecks,
  ...dialectChecks,
  // Near the end: what a server keeps of these is in all later lists.
  ...lateRegistrationChecks,
  ...lateFramingChecks,
  ...lateFailureChecks,
  ...nameChecks,
  ...loadChecks,
  lastCheck,
];

/** The checks that match one of the patterns, see {@linkcode chosenChecks}. */
export const selectChecks = (
  patterns?: readonly string[],
): readonly Check[] => chosenChecks(allChecks, patterns);
