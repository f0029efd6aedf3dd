/**
 * Parses paths that users type or that terminals insert for a dropped file.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Quoted, escaped and plain parts of a path in a shell's syntax. */
const PARTS = Deno.build.os === "windows"
  ? /"([^"]*)"|([^"\s]+)/gy
  : /'([^']*)'|"((?:[^"\\]|\\.)*)"|((?:[^'"\\\s]|\\.)+)/gsy;

/** Replaces a leading `~` by the home folder, if known. */
export function expandHome(path: string, home: string | undefined): string {
  return home !== undefined && /^~(?=\/|$)/.test(path)
    ? home + path.slice(1)
    : path;
}

/**
 * Parses a path: the text itself if such a file exists, else the path of a file
 * URL, or the text without its shell quotes.
 *
 * @param home the folder for `~`
 */
export async function typedPath(text: string, home?: string): Promise<string> {
  const literal = expandHome(text, home);
  try {
    await Deno.lstat(literal);
    return literal;
  } catch {
    // The attempt to open it reports the failure.
  }
  const trimmed = text.trim();
  const read = pathOfUrl(trimmed) ?? withoutQuotes(trimmed) ?? trimmed;
  return expandHome(read, home);
}

function pathOfUrl(text: string): string | undefined {
  if (!/^file:/i.test(text)) return undefined;
  try {
    const url = new URL(text);
    // The host may be this machine.
    url.host = "";
    return fileURLToPath(url);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** Removes shell quotes from a word; undefined if the text isn't one word. */
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
