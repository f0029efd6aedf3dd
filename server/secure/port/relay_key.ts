/**
 * The relay's key in its folder: `relay.key`, which the secure port shows, and
 * `relay.key.next`, which takes its place one day (docs/secure.md, section 2).
 *
 * @module
 */

import { dirname } from "node:path";
import { reasonOf } from "../../../shared/cli/reason.ts";
import {
  move,
  moveNew,
  removeIfThere,
  statIfThere,
  syncFolder,
  writeNewFile,
} from "../../../shared/folder/durable_files.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../shared/platform/platform.ts";
import { hasCode } from "../../../shared/platform/system_error.ts";
import {
  generateSigningKey,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import {
  formatKeyText,
  parseKeyText,
} from "../../../shared/secure/key_text.ts";

/** Permissions that the file of a key must not give. */
export const KEY_MASK = 0o077;

const COMMENT = `# The key of a MessageU relay. Keep it secret, and keep a copy:
# without it all users have to enter a new line of the relay.
`;

/** The files of a relay's key. */
export interface RelayKeyFiles {
  /** The key that the relay shows. */
  current: string;
  /** The key that {@linkcode switchRelayKey} puts in its place. */
  next: string;
}

/** The files of a relay's key in the relay's folder. */
export function relayKeyFiles(dir: string): RelayKeyFiles {
  const current = `${dir}/relay.key`;
  return { current, next: `${current}.next` };
}

/** Whether a relay's folder has its key. */
export function hasRelayKey(dir: string): boolean {
  return statIfThere(relayKeyFiles(dir).current) !== undefined;
}

/**
 * Reads a key.
 *
 * @returns undefined if there is no such file
 * @throws {Error} if other users may read it, or it is damaged; the message says
 * what to do
 */
export async function readRelayKey(
  path: string,
  platform: Platform = thisPlatform,
): Promise<SigningKey | undefined> {
  let file: { text: string; mode: number | null };
  try {
    const { mode } = await Deno.stat(path);
    file = { text: await Deno.readTextFile(path), mode };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new Error(`${path} can't be read: ${reasonOf(error)}`);
  }
  const mode = (file.mode ?? 0) & 0o777;
  if (platform.hasModes && (mode & KEY_MASK) !== 0) {
    throw new Error(
      `${path} is open to other users (mode ${
        mode.toString(8)
      }): chmod 600 it; if others have read it, make a new key with messageu-admin key --new`,
    );
  }
  return await parseKeyText(file.text) ?? damaged(path);
}

/**
 * Makes a key in a new file with mode 0600. If another process makes it at the
 * same time, both get the same key.
 *
 * @throws {Error} if the file can't be written
 */
export async function makeRelayKey(path: string): Promise<SigningKey> {
  const key = await generateSigningKey();
  // A reader never sees a part of the file.
  const draft = `${path}-${crypto.randomUUID()}`;
  try {
    const text = await formatKeyText(COMMENT, key);
    await writeNewFile(draft, new TextEncoder().encode(text));
    await moveNew(draft, path);
    await syncFolder(dirname(path));
    return key;
  } catch (error) {
    await removeIfThere(draft);
    const made = hasCode(error, "EEXIST") && await readRelayKey(path);
    if (made) return made;
    throw new Error(`${path} can't be made: ${reasonOf(error)}`);
  }
}

/**
 * Puts the next key in the place of the current one, which is gone afterwards.
 *
 * @throws {Error} if there is no next key, or it can't be used
 */
export async function switchRelayKey(
  { current, next }: RelayKeyFiles,
): Promise<SigningKey> {
  const key = await readRelayKey(next);
  if (key === undefined) {
    throw new Error(
      `There is no ${next}: make a next key with messageu-admin key --new`,
    );
  }
  await move(next, current);
  await syncFolder(dirname(current));
  return key;
}

function damaged(path: string): never {
  throw new Error(
    `${path} is damaged: put your copy of it back; without a copy remove it, and all users have to enter the line of the new key`,
  );
}
