/**
 * Paths as users type them, or as terminals do for a file that is dropped on
 * them.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A path's quoted, escaped and plain parts, as a shell reads them. */
const PARTS = Deno.build.os === "windows"
  ? /"([^"]*)"|([^"\s]+)/gy
  : /'([^']*)'|"((?:[^"\\]|\\.)*)"|((?:[^'"\\\s]|\\.)+)/gsy;

/** A path with `~` replaced where it starts with it and the home is known. */
export function expandHome(path: string, home: string | undefined): string {
  return home !== undefined && /^~(?=\/|$)/.test(path)
    ? home + path.slice(1)
    : path;
}

/**
 * The path that a text means: the text itself where there is such a file, else
 * what it is without quotes and backslashes, or as a file URL.
 *
 * @param home what `~` stands for
 */
export async function typedPath(text: string, home?: string): Promise<string> {
  const literal = expandHome(text, home);
  try {
    await Deno.lstat(literal);
    return literal;
  } catch {
    // What is wrong with it is said by who opens it.
  }
  const trimmed = text.trim();
  const read = pathOfUrl(trimmed) ?? withoutQuotes(trimmed) ?? trimmed;
  return expandHome(read, home);
}

function pathOfUrl(text: string): string | undefined {
  if (!/^file:/i.test(text)) return undefined;
  try {
    const url = new URL(text);
    // Some name this machine.
    url.host = "";
    return fileURLToPath(url);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** What a shell makes of one word; undefined where it is none, or more than one. */
function withoutQuotes(text: string): string | undefined {
  let path = "";
  let end = 0;
  for (const [all, quoted, inDouble, plain] of text.matchAll(PARTS)) {
    end += all.length;
    path += Deno.build.os === "windows"
      ? quoted ?? inDouble ?? ""
      : quoted ?? inDouble?.replaceAll(/\\(["\\$`])/g, "$1") ??
        plain?.replaceAll(/\\(.)/gs, "$1") ?? "";
  }
  return end === text.length ? path : undefined;
}
