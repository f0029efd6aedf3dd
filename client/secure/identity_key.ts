/**
 * The identity key I of a secure account, in a file of its own: a copy of the
 * store doesn't hold it (IDN-4 of docs/secure.md).
 *
 * @module
 */

import { equals } from "@std/bytes";
import { reasonOf } from "../../shared/cli/reason.ts";
import {
  moveNew,
  removeIfThere,
  syncFolder,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import {
  generateSigningKey,
  type SigningKey,
} from "../../shared/secure/ed25519.ts";
import { formatKeyText, parseKeyText } from "../../shared/secure/key_text.ts";
import { FolderError, UserError } from "../errors.ts";
import {
  draftOf,
  IDENTITY_KEY,
  isDraftOf,
  isThere,
  removeDraftsOf,
} from "../store/folder.ts";

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

/**
 * Makes a key and syncs its draft to the disk; {@linkcode placeIdentityKey} gives
 * it its name.
 *
 * @throws {UserError} if the folder has a key already
 */
export async function draftIdentityKey(dir: string): Promise<SigningKey> {
  const path = pathIn(dir);
  if (isThere(path)) {
    throw new UserError(
      `${path} is there, and its account isn't in this folder`,
      "Keep the file: this version can't use it again. Register in another folder, by --dir",
    );
  }
  await removeDraftsOf(path);
  const key = await generateSigningKey();
  const text = await formatKeyText(COMMENT, key);
  await writeNewFile(draftOf(path), new TextEncoder().encode(text));
  await syncFolder(dir);
  return key;
}

/**
 * Gives the draft of a key its name, also that of a client that was killed.
 *
 * @param identity the public key
 * @throws {FolderError} if the folder has no draft of it, or another key
 */
export async function placeIdentityKey(
  dir: string,
  identity: Uint8Array,
): Promise<void> {
  const path = pathIn(dir);
  const draft = isThere(path) ? undefined : await findDraft(dir, identity);
  if (draft !== undefined) {
    await moveNew(draft, path);
    await syncFolder(dir);
  }
  const { publicKey } = await readIdentityKey(dir);
  if (equals(publicKey, identity)) return;
  throw new FolderError(
    `${path} isn't the account's`,
    "Put your copy of it back",
  );
}

/** The path of a key's draft; undefined if there is none. */
async function findDraft(
  dir: string,
  identity: Uint8Array,
): Promise<string | undefined> {
  for await (const { name } of Deno.readDir(dir)) {
    if (!isDraftOf(IDENTITY_KEY, name)) continue;
    const path = `${dir}/${name}`;
    const key = await parseKeyText(await Deno.readTextFile(path));
    if (key !== undefined && equals(key.publicKey, identity)) return path;
  }
  return undefined;
}

/** Removes a key that no relay knows, and drafts of keys. */
export async function discardIdentityKey(dir: string): Promise<void> {
  await removeIfThere(pathIn(dir));
  await discardDrafts(dir);
}

/** Removes drafts of keys. */
export async function discardDrafts(dir: string): Promise<void> {
  await removeDraftsOf(pathIn(dir));
}
