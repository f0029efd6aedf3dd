/**
 * The tables of checks in docs/conformance.md.
 *
 * @module
 */

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
