/**
 * The layout of an identity file of any MessageU program (IDF-3 of
 * docs/protocol.md). The key isn't parsed.
 *
 * @module
 */

import { within } from "../wire/format_error.ts";
import type { ClientId } from "../wire/protocol.ts";
import { EXPECTED, IdentityError } from "./identity_error.ts";
import {
  badClientId,
  type FoundName,
  isBlank,
  KEY_BEGINNING,
  readClientId,
  readName,
  type TextLine,
  textLines,
  textOf,
} from "./identity_fields.ts";
import {
  findParts,
  ID_LABEL,
  type IdentityParts,
  placeOfKey,
} from "./identity_parts.ts";
import { parseAddressLines, plainBytes } from "../folder/info_files.ts";

/** Maximum size in bytes of an identity file. */
export const MAX_IDENTITY_SIZE: number = 64 * 1024;

/** The parts of an identity file. */
export interface IdentityLayout {
  /** The name. */
  name: string;
  /** The id. */
  clientId: ClientId;
  /** The bytes of the key: text, or DER. */
  key: Uint8Array;
  /** The numbers of the key's first and last line. */
  keyLines: [first: number, last: number];
  /** Where each part is and in which form, in words. */
  found: string[];
  /** Doubts about the parts, in sentences. */
  warnings: string[];
}

/**
 * Finds name, id and key in an identity file.
 *
 * @throws {IdentityError} that names the invalid line and the problem
 */
export function readIdentityLayout(file: Uint8Array): IdentityLayout {
  if (file.length > MAX_IDENTITY_SIZE) {
    throw new IdentityError(
      "it has more than 64 KiB, and no identity has",
      EXPECTED,
    );
  }
  const { bytes, found } = plainBytes(file);
  const text = textOf(bytes);
  const [first, ...more] = textLines(text)
    .filter((line) => !isBlank(line.text));
  if (first === undefined) {
    throw new IdentityError("it is empty: expected the user's name", EXPECTED);
  }
  const parts = findParts(bytes, text, [first, ...more]);
  if (parts === undefined) throw nameMistake(text, [first, ...more]);
  const { id, idLine } = parts;
  refuseZeroId(parts);
  const { name, how, warnings } = nameIn(parts, first.number);
  const key = placeOfKey(text, parts.key);
  return {
    name,
    clientId: id.clientId,
    key: bytes.subarray(key.from, key.to),
    keyLines: key.lines,
    found: [
      ...found,
      ...lineEnds(text.slice(first.start, first.end)),
      [`the name on line ${first.number}`, ...how].join(" "),
      [`the id on line ${idLine}`, ...id.how].join(" "),
    ],
    warnings: id.warning === undefined ? warnings : [...warnings, id.warning],
  };
}

/** @throws {IdentityError} if the id is all zeros, as before a registration */
function refuseZeroId({ id, idLine }: IdentityParts): void {
  if (id.clientId.some((byte) => byte !== 0)) return;
  throw new IdentityError(
    "the client id is all zeros, as before a registration",
    "Look for a file that was written after its user was registered",
  ).within(`line ${idLine}`);
}

function nameIn({ name }: IdentityParts, line: number): FoundName {
  try {
    return readName(name);
  } catch (error) {
    throw within(`line ${line}`, error);
  }
}

function lineEnds(line: string): string[] {
  if (line.endsWith("\r\n")) return ["lines that end in CR LF"];
  return line.endsWith("\r") ? ["lines that end in CR"] : [];
}

/**
 * The error for a file without an id where one is expected.
 *
 * @param lines the lines that aren't blank, at least one
 */
function nameMistake(
  text: string,
  [first, second]: readonly [TextLine, ...TextLine[]],
): IdentityError {
  const other = otherFile(text);
  if (other !== undefined) {
    return new IdentityError(`it holds ${other} and no identity`, EXPECTED);
  }
  if (KEY_BEGINNING.test(first.text)) {
    return new IdentityError(
      "it holds a key alone: name and id are missing",
      "Put two lines in front of the key in a copy: the name as it was registered, and the id",
    );
  }
  if (readClientId(first.text) !== undefined) {
    return new IdentityError("expected the user's name, got an id", EXPECTED)
      .within(`line ${first.number}`);
  }
  if (second === undefined) {
    return badClientId("").within(`line ${first.number + 1}`);
  }
  const line = `line ${second.number}`;
  if (!KEY_BEGINNING.test(second.text)) {
    return badClientId(second.text.replace(ID_LABEL, "")).within(line);
  }
  return new IdentityError(
    "expected the client id as 32 hex digits, got a key",
    "Put the id on a line of its own between the name and the key in a copy",
  ).within(line);
}

/** Describes a file of another kind; undefined if it isn't known. */
function otherFile(text: string): string | undefined {
  if (/^\s*\d{1,5}\s*$/.test(text)) return "a port, as info.myport does,";
  try {
    parseAddressLines(text);
    return "a relay's address, as info.server does,";
  } catch {
    return undefined; // Not an address.
  }
}
