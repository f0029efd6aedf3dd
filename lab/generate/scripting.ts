/**
 * The table of JSON objects in `docs/scripting.md`, from the verbs' own
 * declarations.
 *
 * @module
 */

import type { DataKind } from "../../client/ui/cli/verb/data.ts";
import { loadVerb, verbNames } from "../../client/ui/cli/verbs.ts";

/** Renders what stands between the page's markers for the verbs. */
export async function render(): Promise<string> {
  const printers = new Map<DataKind, string[]>();
  for (const name of verbNames) {
    for (const kind of (await loadVerb(name)).prints ?? []) {
      printers.set(kind, [...printers.get(kind) ?? [], `\`${name}\``]);
    }
  }
  return table([
    ["`type`", "of", "fields"],
    ...[...printers].map(([kind, names]) => [
      `\`${kind.type}\``,
      names.join(", "),
      fieldsOf(kind),
    ]),
  ]);
}

function fieldsOf({ fields, base }: DataKind): string {
  const own = Object.entries(fields).filter(([name]) =>
    base === undefined || !Object.hasOwn(base.fields, name)
  ).map(([name, note]) => `\`${name}\`${note === "" ? "" : `: ${note}`}`);
  return [...base === undefined ? [] : [`those of a ${base.type}`], ...own]
    .join(", ");
}

/** Rows as a table of Markdown, as the formatter aligns it. */
function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: readonly string[], fill = " ") =>
    `| ${
      cells.map((cell, i) => cell.padEnd(widths[i] ?? 0, fill)).join(" | ")
    } |`;
  const [first, ...rest] = rows.map((row) => line(row));
  return [first, line(head.map(() => ""), "-"), ...rest].join("\n");
}
