/**
 * What isn't whole yet, under a name beside the final one. It may hold a
 * private key, so what was left behind goes.
 *
 * @module
 */

import { basename, dirname } from "node:path";

const ENDING = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** A new name for what becomes this file or folder. */
export function draftOf(path: string): string {
  return `${path}.${crypto.randomUUID()}.part`;
}

/** Removes what those who were killed have left of this file or folder. */
export async function removeDraftsOf(path: string): Promise<void> {
  const folder = dirname(path);
  const stem = basename(path);
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(stem) || !ENDING.test(name.slice(stem.length))) {
      continue;
    }
    await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
}
