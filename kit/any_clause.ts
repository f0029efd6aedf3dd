/**
 * The clauses of docs/protocol.md and of docs/secure.md: no two have one number.
 *
 * @module
 */

import { type Clause, type ClauseId, clauses } from "./clauses.ts";
import { type SecureClauseId, secureClauses } from "./secure_clauses.ts";

/** The number of a clause of either page. */
export type AnyClauseId = ClauseId | SecureClauseId;

/** All clauses, those of docs/protocol.md first. */
export const anyClause: Readonly<Record<AnyClauseId, Clause>> = {
  ...clauses,
  ...secureClauses,
};
