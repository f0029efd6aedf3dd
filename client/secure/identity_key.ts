/**
 * The identity key I of a secure account, in a file of its own: a copy of the
 * store doesn't hold it (IDN-4 of docs/secure.md).
 *
 * @module
 */

import { reasonOf } from "../../shared/cli/reason.ts";
import {
  removeIfThere,
  syncFolder,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import { hasCode } from "../../shared/platform/system_error.ts";
import {
  generateSigningKey,
  type SigningKey,
} from "../../shared/secure/ed25519.ts";
import { formatKeyText, parseKeyText } from "../../shared/secure/key_text.ts";
import { FolderError } from "../errors.ts";
import { IDENTITY_KEY } from "../store/folder.ts";

const COMMENT =
  `# The identity key of a MessageU account. Keep it secret, and keep a copy:
# it acts in the account's name, and without it no device can be added.
`;

const pathIn = (dir: string) => `${dir}/${IDENTITY_KEY}`;

/**
 * Reads the key of a folder.
 *
 * @throws {FolderError} if it is missing or damaged
 */
export async function readIdentityKey(dir: string): Promise<SigningKey> {
  const path = pathIn(dir);
  let key: SigningKey | undefined;
  try {
    key = await parseKeyText(await Deno.readTextFile(path));
  } catch (cause) {
    throw new FolderError(
      `${path} can't be used: ${reasonOf(cause)}`,
      "Put your copy of it back",
      { cause },
    );
  }
  if (key !== undefined) return key;
  throw new FolderError(`${path} is damaged`, "Put your copy of it back");
}

/** Reads the key of a folder, or makes one and syncs it to the disk. */
export async function makeIdentityKey(dir: string): Promise<SigningKey> {
  const key = await generateSigningKey();
  const text = await formatKeyText(COMMENT, key);
  try {
    await writeNewFile(pathIn(dir), new TextEncoder().encode(text));
    await syncFolder(dir);
    return key;
  } catch (error) {
    // An earlier registration may have left it.
    if (hasCode(error, "EEXIST")) return await readIdentityKey(dir);
    throw error;
  }
}

/** Removes a key that no relay knows. */
export async function discardIdentityKey(dir: string): Promise<void> {
  await removeIfThere(pathIn(dir));
}
