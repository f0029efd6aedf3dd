/**
 * The lines of identity files, and client ids and names in their forms.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  type ClientId,
  MAX_NAME_LENGTH,
} from "../wire/protocol.ts";
import { EXPECTED, IdentityError } from "./identity_error.ts";

/** A line of a text. */
export interface TextLine {
  /** Its content, without the line end. */
  text: string;
  /** Its number, from 1. */
  number: number;
  /** Offset of its start in the text. */
  start: number;
  /** Offset of the next line's start. */
  end: number;
}

/** Splits a text at LF, CR LF or CR. */
export function textLines(text: string): TextLine[] {
  const lines: TextLine[] = [];
  for (const match of text.matchAll(/([^\r\n]*)(?:\r\n|[\r\n]|$)/g)) {
    const [whole, content = ""] = match;
    const [number, start] = [lines.length + 1, match.index];
    lines.push({ text: content, number, start, end: start + whole.length });
  }
  return lines;
}

/** Whether a text has only blanks and NULs. */
export function isBlank(text: string): boolean {
  return /^[ \t\v\f\r\n\0]*$/.test(text);
}

/**
 * Replaces Unicode blanks and byte order marks, which copying from pages or
 * joining files brings in, by plain blanks.
 *
 * @param text UTF-8, a character for each byte
 */
export function plainBlanks(text: string): string {
  return text.replaceAll(
    /\xc2\xa0|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xef\xbb\xbf/g,
    " ",
  );
}

/** Maps each byte to the character of its number, without loss. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The start of a key in Base64, PEM, hex digits, raw bytes or OpenSSH's form. */
export const KEY_BEGINNING: RegExp =
  /^\s*(?:MI[A-Z]|-----BEGIN |308[0-9]|0[\x80-\xff]|ssh-)/;

/** The start of a key in raw bytes. */
export const RAW_KEY_BEGINNING: RegExp = /^0[\x80-\xff]/;

/** A client id in a file. */
export interface FoundId {
  /** Its 16 bytes. */
  clientId: ClientId;
  /** Its form in words; empty for 32 hex digits in lower case. */
  how: string[];
  /** Why the id may be wrong. */
  warning?: string;
}

const HEX_SIZE = 2 * CLIENT_ID_SIZE;
/** Separators between hex digits: `{0x5b, …}`, `5b94e1c7-386a-…`, `5b:94:…`. */
const BETWEEN = /0x|[\s\0(){},:-]/gi;
const BASE64 = /^[A-Za-z0-9+/]{22}==$/;
/** Some servers use the first 16 characters of a UUID as the id. */
const CUT_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{2}$/i;

/** The forms of hex digits, in words. */
const FORMS: readonly (readonly [form: RegExp, words: string])[] = [
  [/[A-F]/, "in upper case"],
  [/0x/i, "with 0x"],
  [/-/, "with dashes"],
  [/[({]/, "in brackets"],
  [/[:,]/, "with marks between its bytes"],
  [/\S[ \t]+\S/, "with blanks"],
];

/**
 * Parses the id in a line; undefined if there is none.
 *
 * @param line the line's bytes as characters below U+0100
 */
export function readClientId(line: string): FoundId | undefined {
  const digits = plainBlanks(line).replaceAll(BETWEEN, "");
  if (/^[0-9a-f]{32}$/i.test(digits)) {
    const clientId = Uint8Array.fromHex(digits) as Uint8Array as ClientId;
    const how = FORMS.flatMap(([form, words]) => form.test(line) ? words : []);
    return { clientId, how, ...byteOrderWarning(clientId) };
  }
  const text = line.replaceAll(/[\s\0]/g, "");
  if (!BASE64.test(text)) return undefined;
  const clientId = Uint8Array.fromBase64(text) as Uint8Array as ClientId;
  return { clientId, how: ["in Base64"] };
}

/**
 * An id of 16 raw bytes; undefined if the bytes could be text.
 *
 * @param bytes the bytes up to the end of the line
 */
export function rawClientId(bytes: Uint8Array): FoundId | undefined {
  if (bytes.length !== CLIENT_ID_SIZE) return undefined;
  const raw = { clientId: bytes.slice() as ClientId, how: ["as 16 raw bytes"] };
  // One in 65,536 random ids has no byte above 0x7f.
  if (bytes.some((byte) => byte > 0x7f)) return raw;
  if (!CUT_UUID.test(String.fromCharCode(...bytes))) return undefined;
  const warning =
    "The id is the beginning of a UUID's text, which is right only where the relay gives out such ids";
  return { ...raw, warning };
}

/** The error for a line without an id. */
export function badClientId(line: string): IdentityError {
  const expected = `expected the client id as ${HEX_SIZE} hex digits`;
  const digits = plainBlanks(line).replaceAll(BETWEEN, "");
  if (digits === "") {
    return new IdentityError(
      `${expected}, got none`,
      "Look for a file that was written after its user was registered",
    );
  }
  if (!/^[0-9a-f]+$/i.test(digits)) {
    return new IdentityError(`${expected}, got other characters`, EXPECTED);
  }
  const kind = digits.length < HEX_SIZE ? "too short" : "too long";
  return new IdentityError(
    `${expected}, got ${digits.length}: it is ${kind}`,
    "Nothing tells which digits are wrong: look for the id elsewhere, such as in the relay's database",
  );
}

/** Windows programs write ids as GUIDs, whose first three groups have another byte order. */
function byteOrderWarning(id: ClientId): { warning?: string } {
  const other = Uint8Array.from(id, (_, at) => id[GUID_ORDER[at] ?? at] ?? 0);
  if (isUuid(id) || !isUuid(other)) return {};
  return {
    warning:
      `The id may be in the byte order of a Windows GUID. If the relay doesn't know you, import a copy with ${other.toHex()} in its place into another folder`,
  };
}

const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6];

/** Whether it is a UUID of version 1 or 4, as servers draw them (RFC 9562). */
function isUuid(id: Uint8Array): boolean {
  const version = (id[6] ?? 0) >> 4;
  const variant = (id[8] ?? 0) >> 6;
  return (version === 1 || version === 4) && variant === 2;
}

/** The label before a name in files with labels. */
export const NAME_LABEL: RegExp =
  /^\s*(?:(?:user|client)[ _-]?)?name\s*[:=]\s*/i;

/** A name in a file. */
export interface FoundName {
  /** The name. */
  name: string;
  /** Its form in words; empty for the name alone. */
  how: string[];
  /** Why the name may be wrong or unusable. */
  warnings: string[];
}

/**
 * Parses the name in a line.
 *
 * @param line the line's bytes as characters below U+0100
 * @throws {IdentityError} if the name can't be registered (NAM-1)
 */
export function readName(line: string): FoundName {
  const [text = ""] = line.split("\0");
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
    .replace(/^\ufeff+/, "");
  const problem = problemOf(name);
  if (problem !== undefined) {
    throw new IdentityError(
      `expected the user's name, got ${problem}`,
      EXPECTED,
    );
  }
  const warnings: string[] = [];
  if (!/^[\x20-\x7e]+$/.test(name)) {
    warnings.push(
      "The name has characters beyond ASCII, which few relays accept",
    );
  }
  if (NAME_LABEL.test(name)) {
    warnings.push("The name begins like a label, and is taken as it stands");
  }
  return { name, how: text === line ? [] : ["with NULs behind it"], warnings };
}

function problemOf(name: string): string | undefined {
  if (name.trim() === "") return "none";
  // deno-lint-ignore no-control-regex -- they are what is refused
  if (/[\x00-\x1f\x7f]/.test(name)) return "control characters";
  // The size that we will write.
  const size = new TextEncoder().encode(name).length;
  if (size <= MAX_NAME_LENGTH) return undefined;
  return `${size} bytes, of which ${MAX_NAME_LENGTH} can be registered`;
}
