/**
 * Parses paths that users type or that terminals insert for a dropped file.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";

/** Quoted, escaped and plain parts of a path in a shell's syntax. */
const ESCAPED = /'([^']*)'|"((?:[^"\\]|\\.)*)"|((?:[^'"\\\s]|\\.)+)/gsy;
/** The same where a backslash separates folders. */
const PLAIN = /"([^"]*)"|([^"\s]+)/gy;

/** Whether a path begins with `~`, the home folder. */
export function isInHome(
  path: string,
  { backslashSeparates }: Platform = thisPlatform,
): boolean {
  return (backslashSeparates ? /^~(?:[\\/]|$)/ : /^~(?:\/|$)/).test(path);
}

/** Replaces a leading `~` by the home folder, if known. */
export function expandHome(
  path: string,
  home: string | undefined,
  platform?: Platform,
): string {
  return home !== undefined && isInHome(path, platform)
    ? home + path.slice(1)
    : path;
}

/**
 * Parses a path: the text itself if such a file exists, else the path of a file
 * URL, or the text without its shell quotes.
 *
 * @param home the folder for `~`
 */
export async function typedPath(
  text: string,
  home?: string,
  platform: Platform = thisPlatform,
): Promise<string> {
  const literal = expandHome(text, home, platform);
  try {
    await Deno.lstat(literal);
    return literal;
  } catch {
    // The attempt to open it reports the failure.
  }
  const trimmed = text.trim();
  const read = pathOfUrl(trimmed) ??
    withoutQuotes(trimmed, platform) ?? trimmed;
  return expandHome(read, home, platform);
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
function withoutQuotes(
  text: string,
  { backslashSeparates }: Platform,
): string | undefined {
  let path = "";
  let end = 0;
  const parts = backslashSeparates ? PLAIN : ESCAPED;
  for (const [all, quoted, inDouble, plain] of text.matchAll(parts)) {
    end += all.length;
    path += backslashSeparates
      ? quoted ?? inDouble ?? ""
      : quoted ?? inDouble?.replaceAll(/\\(["\\$`])/g, "$1") ??
        plain?.replaceAll(/\\(.)/gs, "$1") ?? "";
  }
  return end === text.length ? path : undefined;
}
