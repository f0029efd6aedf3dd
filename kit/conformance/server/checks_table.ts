/**
 * All checks as text, for the terminal and for docs/conformance.md.
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

/** The same as a table of Markdown, its columns aligned. */
export function checksMarkdown(checks: readonly CheckInfo[]): string {
  const rows = [
    ["check", "clause", "level", "what it looks for"],
    ...checks.map((check) => [
      `\`${check.name}\``,
      check.clause,
      levelOf(check),
      check.about,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: readonly string[], fill: string) =>
    `| ${
      widths.map((width, column) => (cells[column] ?? "").padEnd(width, fill))
        .join(" | ")
    } |`;
  const [head = [], ...body] = rows;
  return [
    line(head, " "),
    line([], "-"),
    ...body.map((cells) => line(cells, " ")),
  ].join("\n");
}
