/**
 * The table of JSON objects in docs/scripting.md, from the verbs' own
 * declarations.
 *
 * @module
 */

import type { DataKind } from "../../client/ui/cli/verb/output.ts";
import { loadVerb, verbNames } from "../../client/ui/cli/verbs.ts";
import { code, table } from "./markdown.ts";

/** The objects that verbs print with `--json`. */
export async function verbObjects(): Promise<string> {
  const printers = new Map<DataKind, string[]>();
  for (const name of verbNames) {
    for (const kind of (await loadVerb(name)).prints ?? []) {
      printers.set(kind, [...printers.get(kind) ?? [], name]);
    }
  }
  return table([
    ["`type`", "of", "fields"],
    ...[...printers].map(([kind, names]) => [
      code(kind.type),
      code(...names),
      fieldsOf(kind),
    ]),
  ]);
}

function fieldsOf({ fields, base }: DataKind): string {
  const own = Object.entries(fields).filter(([name]) =>
    base === undefined || !Object.hasOwn(base.fields, name)
  ).map(([name, note]) => `${code(name)}${note === "" ? "" : `: ${note}`}`);
  return [...base === undefined ? [] : [`those of a ${base.type}`], ...own]
    .join(", ");
}
