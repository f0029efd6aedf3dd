/**
 * Whether others can read what only the relay should.
 *
 * @module
 */

import { infoFiles } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Finding } from "./finding.ts";

/** Permissions of all but the owner. */
const NOT_OWNERS = 0o077;

/**
 * Looks at the databases in a folder, and at what lies beside each under its
 * name; undefined where all of it is its owner's alone.
 */
export function checkAccess(folder: string): Finding | undefined {
  // Its permissions tell nothing there.
  if (Deno.build.os === "windows") return undefined;
  try {
    const open = [...openFiles(folder)].sort();
    if (open.length === 0) return undefined;
    return {
      verdict: "warn",
      what: `${open.join(", ")} can be read by others than the owner: ` +
        "the ids of all users are in it, and who has an id takes its messages",
      advice: `chmod 600, or another folder with mode 700`,
    };
  } catch (error) {
    return {
      verdict: "?",
      what: `who may read isn't known: ${reasonOf(error)}`,
    };
  }
}

function* openFiles(folder: string): Generator<string> {
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    const isKept = infoFiles.database.some((known) => name.startsWith(known));
    if (!isFile || !isKept) continue;
    const { mode, size } = Deno.statSync(`${folder}/${name}`);
    // A lock, which is empty, tells nothing.
    if (size > 0 && ((mode ?? 0) & NOT_OWNERS) !== 0) yield name;
  }
}
