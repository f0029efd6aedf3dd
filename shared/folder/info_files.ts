/**
 * The programs' files: their names, also in other MessageU programs, and their
 * text encodings (section 11 of docs/protocol.md); ports and addresses, as in
 * `info.myport` (INF-1) and `info.server`; and `info.me` in our own form (IDF-1).
 * Identity files of other programs need `parse_identity.ts`, which takes longer to
 * load.
 *
 * @module
 */

import type { ClientId } from "../wire/protocol.ts";
import { FormatError } from "../wire/format_error.ts";
import { hasCode } from "../platform/system_error.ts";

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
      if (!hasCode(error, "ENOENT")) throw error;
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

/**
 * Parses a port in decimal; white space around it is ignored.
 *
 * @param min the lowest valid port; 0 to allow "any free port"
 * @throws {FormatError} if it isn't a port
 */
export function parsePort(text: string, min = 1): number {
  const digits = text.replace(/^\ufeff/, "").replace(/\0+/g, "").trim();
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : NaN;
  if (port >= min && port <= 65535) return port;
  throw new FormatError(
    `expected a port from ${min} to 65535, got ${
      JSON.stringify(digits.slice(0, 80))
    }`,
  );
}

/** Maximum number of addresses. */
const MOST_ADDRESSES = 16;

/** A relay's address. */
export interface Address {
  /** A host's name or address, IPv6 without brackets. */
  hostname: string;
  /** 1 to 65535; 0 for any free port where that is allowed. */
  port: number;
}

/**
 * Parses `address:port`; an IPv6 address is in brackets.
 *
 * @param leastPort the lowest valid port; 0 to allow "any free port"
 * @throws {FormatError} if it isn't an address
 */
export function parseAddress(text: string, leastPort = 1): Address {
  const line = text.replace(/^\ufeff/, "").replace(/\0+/g, "").trim();
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d+)$/i.exec(line);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined) {
    throw new FormatError(
      `expected ADDRESS:PORT, such as 127.0.0.1:1357, got ${
        JSON.stringify(line.slice(0, 80))
      }`,
    );
  }
  return { hostname, port: parsePort(match?.[3] ?? "", leastPort) };
}

/**
 * Parses `info.server`: 1 to 16 addresses, one a line. Empty lines and repeated
 * addresses are dropped.
 *
 * @throws {FormatError} with the number of the invalid line
 */
export function parseAddressLines(text: string): Address[] {
  const lines = text.split("\n").map((line) => line.replace(/[\ufeff\0]/g, ""));
  const isEmpty = lines.every((line) => line.trim() === "");
  return distinct(lines.flatMap((line, index) => {
    if (line.trim() === "" && !isEmpty) return [];
    try {
      return [parseAddress(line)];
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new FormatError(`line ${index + 1}: ${error.message}`);
    }
  }));
}

/**
 * Parses 1 to 16 addresses separated by commas, as in a flag.
 *
 * @throws {FormatError} if one isn't an address
 */
export function parseAddressList(text: string): Address[] {
  return distinct(text.split(",").map((part) => parseAddress(part)));
}

/** Formats an address for {@linkcode parseAddress}. */
export function formatAddress({ hostname, port }: Address): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function distinct(addresses: readonly Address[]): Address[] {
  const byName = new Map(
    addresses.map((address) => [formatAddress(address).toLowerCase(), address]),
  );
  if (byName.size <= MOST_ADDRESSES) return [...byName.values()];
  throw new FormatError(
    `expected ${MOST_ADDRESSES} addresses at most, got ${byName.size}`,
  );
}
