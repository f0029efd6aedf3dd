import type { ClauseId } from "./clauses.ts";

const PROTOCOL = new URL("../docs/protocol.md", import.meta.url);
/** A clause of the page: `- **SND-8** A relay MUST …`, up to the next one. */
const CLAUSE = /^- \*\*([A-Z]{3}-\d+)\*\* (.*?)(?=\n\n|\n- )/gms;

/**
 * The text of each clause in docs/protocol.md, on one line, in the page's order.
 *
 * @throws {Error} if the page can't be read
 */
export async function clauseTexts(): Promise<ReadonlyMap<ClauseId, string>> {
  const page = await Deno.readTextFile(PROTOCOL);
  return new Map(
    [...page.matchAll(CLAUSE)].map(([, id = "", text = ""]) =>
      [id as ClauseId, text.replaceAll(/\s+/g, " ")] as const
    ),
  );
}
