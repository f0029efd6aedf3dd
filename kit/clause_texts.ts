import type { AnyClauseId } from "./any_clause.ts";

const PAGES = ["protocol.md", "secure.md"].map((page) =>
  new URL(`../docs/${page}`, import.meta.url)
);
/** A clause of a page: `- **SND-8** A relay MUST …`, up to the next one. */
const CLAUSE = /^- \*\*([A-Z]{3}-\d+)\*\* (.*?)(?=\n\n|\n- )/gms;

/**
 * The text of each clause in docs/protocol.md and docs/secure.md, on one line, in
 * the order of the pages.
 *
 * @throws {Error} if a page can't be read
 */
export async function clauseTexts(): Promise<ReadonlyMap<AnyClauseId, string>> {
  const pages = await Promise.all(PAGES.map((page) => Deno.readTextFile(page)));
  return new Map(
    [...pages.join("\n\n").matchAll(CLAUSE)].map(([, id = "", text = ""]) =>
      [id as AnyClauseId, text.replaceAll(/\s+/g, " ")] as const
    ),
  );
}
