/**
 * The table of JSON objects and the list of verbs without a relay in
 * docs/scripting.md, and the client's help, from the verbs' own declarations.
 *
 * @module
 */

import { programHelp } from "../../client/ui/cli/help.ts";
import type { DataKind } from "../../client/ui/cli/verb/output.ts";
import { loadVerb, verbNames } from "../../client/ui/cli/verbs.ts";
import { code, fenced, paragraph, table } from "./markdown.ts";

/** The module with the client's help. */
export async function helpModule(): Promise<string> {
  const text = (await programHelp()).replaceAll(/[`\\]|\$\{/g, "\\$&");
  return `/** What \`--help\` prints; \`deno task generate\` writes it. */
export const HELP: string =
  \`${text}\`;
`;
}

/** The examples of all verbs. */
export async function verbExamples(): Promise<string> {
  const parts: string[] = [];
  for (const name of verbNames) {
    const { brief, examples } = await loadVerb(name);
    parts.push(`# ${brief}\n${examples.join("\n")}\n`);
  }
  return fenced(parts.join("\n"));
}

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

/** The verbs that work without a relay. */
export async function offlineVerbs(): Promise<string> {
  const names: string[] = [];
  for (const name of verbNames) {
    if ((await loadVerb(name)).isOffline === true) names.push(name);
  }
  return paragraph(`These verbs use no relay: ${code(...names)}.`);
}

function fieldsOf({ fields, base }: DataKind): string {
  const own = Object.entries(fields).filter(([name]) =>
    base === undefined || !Object.hasOwn(base.fields, name)
  ).map(([name, note]) => `${code(name)}${note === "" ? "" : `: ${note}`}`);
  return [...base === undefined ? [] : [`those of a ${base.type}`], ...own]
    .join(", ");
}
