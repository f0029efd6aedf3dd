/**
 * Declarations of checks of the secure protocol.
 *
 * @module
 */

import type { SecureClauseId } from "../../secure_clauses.ts";
import { type Check, type CheckEntry, subject } from "../server/check.ts";
import type { SecureProbe } from "./secure_probe.ts";

/** A check of the secure protocol. */
export type SecureCheck = Check<SecureProbe, SecureClauseId>;

/** The checks of a subject, from entries by their names. */
export const secureSubject = (
  name: string,
  entries: Readonly<Record<string, CheckEntry<SecureProbe, SecureClauseId>>>,
): readonly SecureCheck[] => subject(name, entries);
