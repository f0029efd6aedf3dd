/**
 * The tables of checks in docs/conformance.md.
 *
 * @module
 */

import { anyClause, type AnyClauseId } from "../../kit/any_clause.ts";
import { unseenOfClients, unseenOfServers } from "../../kit/clauses.ts";
import { unseenOfSecureServers } from "../../kit/secure_clauses.ts";
import { checksOf, stepsOf } from "../../kit/conformance/client/script.ts";
import {
  type CheckInfo,
  levelOf,
} from "../../kit/conformance/report/outcome.ts";
import { secureChecks } from "../../kit/conformance/secure/checks.ts";
import { allChecks } from "../../kit/conformance/server/checks.ts";
import { code, table } from "./markdown.ts";

/** The checks of a server. */
export const serverChecks = (): string => tableOf(allChecks);

/** The checks of a server's secure port. */
export const secureServerChecks = (): string => tableOf(secureChecks);

/** The checks of a client. */
export const clientChecks = (): string => tableOf(checksOf(stepsOf(true)));

/** The clauses that no check of a server sees. */
export const unseenServers = (): string => unseen(unseenOfServers);

/** The clauses of the secure protocol that no check of a server sees. */
export const unseenSecureServers = (): string => unseen(unseenOfSecureServers);

/** The clauses that no check of a client sees. */
export const unseenClients = (): string => unseen(unseenOfClients);

const unseen = (reasons: Readonly<Record<string, string>>): string =>
  table([
    ["clause", "level", "why"],
    ...Object.entries(reasons).map(([id, why]) => [
      id,
      anyClause[id as AnyClauseId].level,
      why,
    ]),
  ]);

const tableOf = (checks: readonly CheckInfo[]): string =>
  table([
    ["check", "clause", "level", "what it looks for"],
    ...checks.map((check) => [
      code(check.name),
      check.clause,
      levelOf(check),
      check.about,
    ]),
  ]);
