/**
 * All checks of the secure protocol, in the order of the report.
 *
 * @module
 */

import { chosenChecks } from "../chosen_checks.ts";
import { authenticationChecks } from "./checks/authentication.ts";
import { channelChecks, stillServesSecurely } from "./checks/channel.ts";
import { frameChecks } from "./checks/frames.ts";
import { greets, helloChecks } from "./checks/hello.ts";
import { legacyChecks } from "./checks/legacy.ts";
import { liftingChecks } from "./checks/lifting.ts";
import { lookUpChecks } from "./checks/look_up.ts";
import { mailboxChecks } from "./checks/mailbox.ts";
import { packageChecks } from "./checks/packages.ts";
import { deletionChecks, recordChecks } from "./checks/records.ts";
import { registrationChecks } from "./checks/registration.ts";
import { sendingChecks } from "./checks/sending.ts";
import type { SecureCheck } from "./secure_check.ts";

/** Shows whether the server serves at all. */
export const firstSecureCheck: SecureCheck = greets;

/** Shows whether the server works after all other checks. */
export const lastSecureCheck: SecureCheck = stillServesSecurely;

/** All checks. */
export const secureChecks: readonly SecureCheck[] = [
  firstSecureCheck,
  ...helloChecks,
  ...registrationChecks,
  ...authenticationChecks,
  ...lookUpChecks,
  ...packageChecks,
  ...sendingChecks,
  ...mailboxChecks,
  ...recordChecks,
  ...deletionChecks,
  ...liftingChecks,
  ...legacyChecks,
  ...frameChecks,
  ...channelChecks,
  lastSecureCheck,
];

/** The checks that match one of the patterns, see {@linkcode chosenChecks}. */
export const selectSecureChecks = (
  patterns?: readonly string[],
): readonly SecureCheck[] => chosenChecks(secureChecks, patterns);
