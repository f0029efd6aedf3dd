/**
 * The text in the files that keep an Ed25519 key: `relay.key` of a relay and
 * `identity.key` of a client.
 *
 * @module
 */

import { seedOf, type SigningKey, signingKeyOf } from "./ed25519.ts";
import { formatKey } from "./relay_line.ts";

/** A key's two halves, 32 bytes each, in base64url. */
const FORM = /^public ([\w-]{43})\nseed ([\w-]{43})$/;

/**
 * The text of a key's file.
 *
 * @param comment lines that begin with `#`
 */
export async function formatKeyText(
  comment: string,
  key: SigningKey,
): Promise<string> {
  const seed = formatKey(await seedOf(key));
  return `${comment}public ${formatKey(key.publicKey)}\nseed ${seed}\n`;
}

/** The key of a file's text; undefined if the two halves don't fit. */
export async function parseKeyText(
  text: string,
): Promise<SigningKey | undefined> {
  const lines = text.split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [, publicHalf, seed] = FORM.exec(lines.join("\n")) ?? [];
  if (seed === undefined) return undefined;
  const key = await signingKeyOf(
    Uint8Array.fromBase64(seed, { alphabet: "base64url" }),
  );
  return formatKey(key.publicKey) === publicHalf ? key : undefined;
}
