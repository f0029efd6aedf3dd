/**
 * What stands where in an identity file, whoever wrote it (IDF-3 of
 * docs/protocol.md). The key isn't looked at.
 *
 * @module
 */

import { within } from "../wire/format_error.ts";
import type { ClientId } from "../wire/protocol.ts";
import { EXPECTED, IdentityError } from "./identity_error.ts";
import { type FoundName, readName } from "./identity_name.ts";
import { findParts, type IdentityParts } from "./identity_parts.ts";
import { placeOfKey } from "./key_place.ts";
import { nameMistake } from "./no_identity.ts";
import { plainBytes } from "../folder/plain_bytes.ts";
import { isBlank, textLines, textOf } from "./text_lines.ts";

/** Bytes of the largest identity file that is read. */
export const MAX_IDENTITY_SIZE: number = 64 * 1024;

/** What an identity file holds, its key as it stands there. */
export interface IdentityLayout {
  /** The name. */
  name: string;
  /** The id. */
  clientId: ClientId;
  /** The bytes of the key: text, or DER. */
  key: Uint8Array;
  /** The numbers of the key's first and its last line. */
  keyLines: [first: number, last: number];
  /** What was found where and in which form, in words. */
  found: string[];
  /** What may be otherwise than it seems, in sentences. */
  warnings: string[];
}

/**
 * Finds name, id and key in an identity file.
 *
 * @throws {IdentityError} that names the line that is wrong, and says how
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
  refuseNobody(parts);
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

/** An id of zeros alone is what a client has until it is registered. */
function refuseNobody({ id, idLine }: IdentityParts): void {
  if (id.clientId.some((byte) => byte !== 0)) return;
  throw new IdentityError(
    "the client id is all zeros: nobody was registered with it",
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
