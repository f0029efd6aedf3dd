/**
 * The page of the docs that shows measurements. Its prose is written by hand;
 * the sections of figures are replaced.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { section } from "../../generate/markdown.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const PAGE = new URL("performance.md", DOCS);

const PLOTS = new URL("plots/", DOCS);

/**
 * Replaces a section of the page and formats it.
 *
 * @throws {Error} where there is no page, or no such section in it
 */
export async function replaceSection(
  name: string,
  text: string,
): Promise<void> {
  const page = await Deno.readTextFile(PAGE);
  await writeFormatted(PAGE, await section(name, () => text)(page));
}

/** Writes a plot into the docs. @param name the file's, without its end */
export async function writePlot(name: string, svg: string): Promise<void> {
  await Deno.mkdir(PLOTS, { recursive: true });
  await writeFormatted(new URL(`${name}.svg`, PLOTS), svg);
}

/** The project's gate looks at these files too. */
async function writeFormatted(file: URL, text: string): Promise<void> {
  await Deno.writeTextFile(file, text);
  const path = fileURLToPath(file);
  const format = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", path],
  });
  const { success } = await format.spawn().status;
  if (!success) throw new Error(`Expected ${path} to be formatted`);
}
