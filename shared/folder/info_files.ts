/**
 * The names of the programs' files, the names that other MessageU programs use
 * (section 11 of docs/protocol.md), their text encodings, and the identity file
 * `info.me` in our own form (IDF-1). Identity files of other programs need
 * `parse_identity.ts`, which takes longer to load.
 *
 * @module
 */

import type { ClientId } from "../wire/protocol.ts";

/** Our name of each file, then the other names that are read. */
export const infoFiles = {
  /** The relay's port. */
  myPort: ["info.myport", "myport.info"],
  /** The relay's address. */
  server: ["info.server", "server.info"],
  /** The user's identity. */
  me: ["info.me", "me.info", "my.info"],
  /** The relay's database. */
  database: ["db.defensive", "defensive.db"],
} as const;

/**
 * The path of the first of these files that exists, or undefined.
 *
 * @throws {Error} if the folder can't be read
 */
export async function findFile(
  dir: string,
  names: readonly string[],
): Promise<string | undefined> {
  for (const name of names) {
    const path = `${dir}/${name}`;
    try {
      await Deno.lstat(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/**
 * Reads such a file's text in UTF-8, or in UTF-16 as the shell of Windows writes
 * it, with or without a byte order mark.
 *
 * @throws {Error} if it can't be read
 */
export async function readInfoText(path: string): Promise<string> {
  const { bytes } = plainBytes(await Deno.readFile(path));
  return new TextDecoder().decode(bytes);
}

/** The content of an identity file. */
export interface InfoMe {
  /** The registered name. */
  name: string;
  /** The id that the relay assigned. */
  clientId: ClientId;
  /** The private key's PKCS#8. */
  privateKey: Uint8Array<ArrayBuffer>;
}

/** The name, id and key of a registered user. */
const OWN_FORM =
  /^((?=.*[!-~])[ -~]{1,254})\n((?!0{32})[0-9a-f]{32})\n[A-Za-z0-9+/]+=*\n$/;

/**
 * Formats the file: the name, the id as 32 lower-case hex digits, and the key on
 * one line, since many programs read only one.
 */
export function formatInfoMe({ name, clientId, privateKey }: InfoMe): string {
  return `${name}\n${clientId.toHex()}\n${privateKey.toBase64()}\n`;
}

/**
 * Parses the name and the id, without the key; undefined if the text isn't in
 * our form.
 */
export function readOwnInfoMe(
  text: string,
): Omit<InfoMe, "privateKey"> | undefined {
  const [, name, id] = OWN_FORM.exec(text) ?? [];
  if (name === undefined || id === undefined) return undefined;
  return { name, clientId: Uint8Array.fromHex(id) as Uint8Array as ClientId };
}

/** A file's content without its text encoding. */
export interface PlainBytes {
  /** UTF-8, or the file's raw bytes, without a byte order mark. */
  bytes: Uint8Array;
  /** The encoding that was removed, in words. */
  found: string[];
}

/** Removes a byte order mark, and converts UTF-16 to UTF-8. */
export function plainBytes(file: Uint8Array): PlainBytes {
  const utf16 = utf16Of(file);
  if (utf16 !== undefined) {
    const whole = file.subarray(0, file.length - file.length % 2);
    const text = new TextDecoder(utf16).decode(whole);
    const { bytes } = plainBytes(new TextEncoder().encode(text));
    return { bytes, found: ["text in UTF-16"] };
  }
  const bytes = withoutMarks(file);
  const isMarked = bytes.length < file.length;
  return { bytes, found: isMarked ? ["a byte order mark"] : [] };
}

function withoutMarks(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (
    bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf
  ) at += 3;
  return bytes.subarray(at);
}

/** Detects UTF-16 by its byte order mark, or by the zero bytes of Latin letters. */
function utf16Of(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  let even = 0;
  let odd = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  // A name padded with NULs has zeros at even and at odd offsets.
  const pairs = bytes.length / 2;
  const [many, few] = [0.8 * pairs, 0.1 * pairs];
  if (odd > many && even < few) return "utf-16le";
  if (even > many && odd < few) return "utf-16be";
  return undefined;
}
