/**
 * Writes the tables of docs/conformance.md anew:
 * `deno run --allow-read --allow-write tools/conformance/page.ts`.
 *
 * @module
 */

import { allChecks } from "./server/checks.ts";
import { checksMarkdown } from "./server/checks_table.ts";

const PAGE = new URL("../../docs/conformance.md", import.meta.url);

/** The page with its tables as they should be. */
export function withTables(page: string): string {
  return page.replace(
    /(<!-- checks of a server -->\n\n)[^]*?(\n\n<!-- end -->)/,
    (_all, start, end) => `${start}${checksMarkdown(allChecks)}${end}`,
  );
}

if (import.meta.main) {
  Deno.writeTextFileSync(PAGE, withTables(Deno.readTextFileSync(PAGE)));
}
