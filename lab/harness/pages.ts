/**
 * The documents of the project, as tests read them.
 *
 * @module
 */

import { ROOT } from "./program.ts";

/** A fenced block of a page. */
export interface FencedBlock {
  /** What stands behind the fence: a language, and more. */
  info: string;
  /** What it holds. */
  text: string;
}

/** Reads a page, by its path from the project's root. */
export async function readPage(path: string): Promise<string> {
  return await Deno.readTextFile(`${ROOT}${path}`);
}

/** The paths of all pages, at the top and in docs. */
export async function projectPages(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ["", "docs/"]) {
    for await (const { name } of Deno.readDir(`${ROOT}${folder}`)) {
      if (name.endsWith(".md")) found.push(`${folder}${name}`);
    }
  }
  return found;
}

/** A page without its fenced blocks, in as many lines. */
export const withoutBlocks = (markdown: string): string =>
  markdown.replace(
    /^```.*?^```$/gms,
    (block) => block.replaceAll(/[^\n]/g, ""),
  );

/** The fenced blocks of a page, in order. */
export function fencedBlocks(markdown: string): FencedBlock[] {
  return [...markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)]
    .map(([, info = "", text = ""]) => ({ info, text }));
}
