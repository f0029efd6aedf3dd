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

/** The checks of a server, for the marker `checks`. */
export const render = (): string => table(allChecks);

/** The checks of a client, for the marker `client checks`. */
export const renderClient = (): string => table(checksOf(stepsOf(true)));

/** A table of Markdown as `deno fmt` lays it out. */
function table(checks: readonly CheckInfo[]): string {
  const [head = [], ...body] = [
    ["check", "clause", "level", "what it looks for"],
    ...checks.map((check) => [
      `\`${check.name}\``,
      check.clause,
      levelOf(check),
      check.about,
    ]),
  ];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: readonly string[], fill = " ") =>
    `| ${
      widths.map((width, column) => (cells[column] ?? "").padEnd(width, fill))
        .join(" | ")
    } |`;
  return [
    line(head),
    line([], "-"),
    ...body.map((cells) => line(cells)),
  ].join("\n");
}
