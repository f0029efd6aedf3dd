/**
 * Writes the tables of docs/conformance.md anew:
 * `deno run --allow-read --allow-write kit/conformance/page.ts`.
 *
 * @module
 */

import { checksOf, stepsOf } from "./client/script.ts";
import type { CheckInfo } from "./report/outcome.ts";
import { allChecks } from "./server/checks.ts";
import { checksMarkdown } from "./server/checks_table.ts";

const PAGE = new URL("../../docs/conformance.md", import.meta.url);

/** The page with its tables as they should be. */
export function withTables(page: string): string {
  return withTable(
    withTable(page, "server", allChecks),
    "client",
    checksOf(stepsOf(true)),
  );
}

function withTable(
  page: string,
  what: "server" | "client",
  checks: readonly CheckInfo[],
): string {
  const marks = new RegExp(
    `(<!-- checks of a ${what} -->\n\n)[^]*?(\n\n<!-- end -->)`,
  );
  return page.replace(
    marks,
    (_all, start, end) => `${start}${checksMarkdown(checks)}${end}`,
  );
}

if (import.meta.main) {
  Deno.writeTextFileSync(PAGE, withTables(Deno.readTextFileSync(PAGE)));
}
