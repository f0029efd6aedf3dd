/**
 * Names of users: their characters and their encoding in 255 bytes (NAM-1 to
 * NAM-7 of docs/protocol.md).
 *
 * @module
 */

import { FormatError } from "./format_error.ts";
import { MAX_NAME_LENGTH, NAME_SIZE } from "./protocol.ts";

// Printable ASCII only, so that no name can move a cursor.
const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;
const UTF8 = new TextEncoder();
// A byte order mark is part of the name, so that a list encodes as it was decoded.
const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Describes what is wrong with a name; undefined for a valid one. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "a name has at least 1 character";
  if (!PRINTABLE_ASCII.test(name)) {
    return "a name holds printable ASCII characters only";
  }
  if (name.length > MAX_NAME_LENGTH) {
    return `a name has at most ${MAX_NAME_LENGTH} characters, got ${name.length}`;
  }
  return undefined;
}

/**
 * Encodes a name without the field's padding.
 *
 * @throws {FormatError} if the name is invalid
 */
export function encodeName(name: string): Uint8Array {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new FormatError(problem);
  return UTF8.encode(name);
}

/**
 * Decodes a name from a field of 255 bytes. Bytes after its NUL are ignored.
 *
 * @throws {FormatError} if no NUL ends it or the name is invalid
 */
export function decodeName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  if (end < 0) {
    throw new FormatError(
      `expected a NUL within ${NAME_SIZE} bytes, got none`,
    );
  }
  const name = String.fromCharCode(...bytes.subarray(0, end));
  const problem = nameProblem(name);
  if (problem !== undefined) throw new FormatError(problem);
  return name;
}

/** Decodes a listed name from a field of 255 bytes: UTF-8 up to a NUL, of any characters. */
export function decodeListedName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return LENIENT_UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Encodes a name as UTF-8; a long one is cut between two characters. */
export function encodeListedName(name: string): Uint8Array {
  const bytes = new Uint8Array(MAX_NAME_LENGTH);
  return bytes.subarray(0, UTF8.encodeInto(name, bytes).written);
}
