/**
 * All checks as text, for the terminal and for docs/conformance.md.
 *
 * @module
 */

import { levelOf } from "../report/outcome.ts";
import type { Check } from "./check.ts";

/** Checks in aligned columns under their subjects, a line and a sentence each. */
export function checksTable(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const bySubject = Map.groupBy(checks, ({ subject }) => subject);
  return [...bySubject].map(([subject, group]) =>
    [
      subject,
      ...group.flatMap((check) => [
        `  ${check.name.padEnd(width)}  ${check.clause.padEnd(6)}  ${
          levelOf(check)
        }`,
        `    ${check.about}`,
      ]),
    ].join("\n")
  ).join("\n\n");
}

/** The same as a table of Markdown, without its head. */
export const checksMarkdown = (checks: readonly Check[]): string[] =>
  checks.map((check) =>
    `| \`${check.name}\` | ${check.clause} | ${
      levelOf(check)
    } | ${check.about} |`
  );
