import { findFile, infoFiles } from "../../shared/info_files.ts";
import { readInfoMe } from "../../shared/info_me.ts";
import { printableLine } from "../printable.ts";
import type { Output } from "./output.ts";

/**
 * Writes the user's name and id. The key isn't looked at: to import it takes
 * longer than all the rest.
 *
 * @returns false where nobody is registered in the folder
 * @throws {Error} where `info.me` can't be read, or is damaged
 */
export async function printIdentity(
  dir: string,
  output: Output,
): Promise<boolean> {
  const path = await findFile(dir, infoFiles.me);
  if (path === undefined) return false;
  const text = new TextDecoder().decode(await Deno.readFile(path));
  await writeIdentity(output, readInfoMe(text));
  return true;
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
