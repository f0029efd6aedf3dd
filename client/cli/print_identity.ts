import { findFile, infoFiles } from "../../shared/info_files.ts";
import { readOwnInfoMe } from "../../shared/own_info_me.ts";
import { printableLine } from "../printable.ts";
import type { Output } from "./output.ts";

/**
 * Writes the user's name and id where they stand in the form that we write.
 * The key isn't looked at: to import it takes longer than all the rest.
 *
 * @returns false where they don't, or can't be read
 */
export async function printOwnIdentity(
  dir: string,
  output: Output,
): Promise<boolean> {
  const me = await readOwnIdentity(dir);
  if (me === undefined) return false;
  await writeIdentity(output, me);
  return true;
}

async function readOwnIdentity(dir: string) {
  try {
    const path = await findFile(dir, infoFiles.me);
    if (path === undefined) return undefined;
    return readOwnInfoMe(await Deno.readTextFile(path));
  } catch {
    // Whoever reads it in every form says what is wrong.
    return undefined;
  }
}

/** Writes who somebody is. */
export async function writeIdentity(
  output: Output,
  { name, clientId }: { name: string; clientId: Uint8Array },
): Promise<void> {
  const id = clientId.toHex();
  await output.data(
    { type: "identity", name, id },
    `${printableLine(name)} ${id}`,
  );
}
