/**
 * The tables of checks in docs/conformance.md.
 *
 * @module
 */

import {
  type ClauseId,
  clauses,
  unseenOfClients,
  unseenOfServers,
} from "../../kit/clauses.ts";
import { checksOf, stepsOf } from "../../kit/conformance/client/script.ts";
import {
  type CheckInfo,
  levelOf,
} from "../../kit/conformance/report/outcome.ts";
import { allChecks } from "../../kit/conformance/server/checks.ts";
import { code, table } from "./markdown.ts";

/** The checks of a server. */
export const serverChecks = (): string => tableOf(allChecks);

/** The checks of a client. */
export const clientChecks = (): string => tableOf(checksOf(stepsOf(true)));

/** The clauses that no check of a server sees. */
export const unseenServers = (): string => unseen(unseenOfServers);

/** The clauses that no check of a client sees. */
export const unseenClients = (): string => unseen(unseenOfClients);

const unseen = (reasons: Readonly<Record<string, string>>): string =>
  table([
    ["clause", "level", "why"],
    ...Object.entries(reasons).map(([id, why]) => [
      id,
      clauses[id as ClauseId].level,
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
