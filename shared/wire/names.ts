/**
 * Names of users: what they may hold, and how they stand in 255 bytes
 * (NAM-1 to NAM-7 of docs/protocol.md).
 *
 * @module
 */

import { FormatError } from "./format_error.ts";
import { MAX_NAME_LENGTH, NAME_SIZE } from "./protocol.ts";

// Printable ASCII: everything else is refused, so that no name can move a cursor.
const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;
const UTF8 = new TextEncoder();
// A mark at the beginning belongs to the name: the list goes back as it came.
const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Says what is wrong with a name, or undefined where nothing is. */
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
 * The characters of a name; the field's padding follows them.
 *
 * @throws {FormatError} where it is no name
 */
export function encodeName(name: string): Uint8Array {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new FormatError(problem);
  return UTF8.encode(name);
}

/**
 * The name in a field of 255 bytes. What follows its NUL doesn't count.
 *
 * @throws {FormatError} where no NUL ends it or it is no name
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

/** Whatever a field of 255 bytes calls somebody: up to a NUL, as UTF-8. */
export function decodeListedName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return LENIENT_UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Any name as UTF-8, cut between two characters where it is too long. */
export function encodeListedName(name: string): Uint8Array {
  const bytes = new Uint8Array(MAX_NAME_LENGTH);
  return bytes.subarray(0, UTF8.encodeInto(name, bytes).written);
}
