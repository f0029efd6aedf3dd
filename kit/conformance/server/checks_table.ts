/**
 * Lists the checks for the terminal.
 *
 * @module
 */

import { type CheckInfo, levelOf } from "../report/outcome.ts";
import { titleOf } from "../report/table.ts";
import { COLUMNS, wrap } from "../report/wrap.ts";

/** Checks in aligned columns under their subjects, a line and a sentence each. */
export function checksTable(checks: readonly CheckInfo[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const bySubject = Map.groupBy(checks, ({ subject }) => subject);
  return [...bySubject].map(([subject, group]) =>
    [
      titleOf(subject),
      ...group.flatMap((check) => [
        `  ${check.name.padEnd(width)}  ${check.clause.padEnd(6)}  ${
          levelOf(check)
        }`,
        ...wrap(check.about, COLUMNS - 4).map((line) => `    ${line}`),
      ]),
    ].join("\n")
  ).join("\n\n");
}
