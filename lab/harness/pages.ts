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

/** The fenced blocks of a page, in order. */
export function fencedBlocks(markdown: string): FencedBlock[] {
  return [...markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)]
    .map(([, info = "", text = ""]) => ({ info, text }));
}
