import {
  findFile,
  infoFiles,
  readOwnInfoMe,
} from "../../../../shared/folder/info_files.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { identityData, type Output } from "./output.ts";

/** Size limit in bytes of a file in this client's own form. */
const LARGEST = 4096;

/**
 * Writes the user's name and id from an `info.me` in this client's own form.
 * Doesn't import the key, which would take longer than all the rest.
 *
 * @returns false for any other form, or if the file can't be read
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
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > LARGEST) return undefined;
    return readOwnInfoMe(await Deno.readTextFile(path));
  } catch {
    // The reader for all forms reports the failure.
    return undefined;
  }
}

/** Writes a user's name and id. */
export async function writeIdentity(
  output: Output,
  { name, clientId }: { name: string; clientId: Uint8Array },
): Promise<void> {
  const id = clientId.toHex();
  await output.data(
    identityData,
    { name, id },
    `${printableLine(name)} ${id}`,
  );
}
