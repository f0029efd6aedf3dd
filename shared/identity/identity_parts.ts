/**
 * Where the parts of an identity file are, in each order that programs write.
 *
 * @module
 */

import { CLIENT_ID_SIZE } from "../wire/protocol.ts";
import { type FoundId, rawClientId, readClientId } from "./client_id_text.ts";
import { NAME_LABEL } from "./identity_name.ts";
import { KEY_BEGINNING } from "./key_beginning.ts";
import type { TextLine } from "./text_lines.ts";

/** The parts of a file. */
export interface IdentityParts {
  /** The name's bytes as characters, and whatever else is on its line. */
  name: string;
  /** The id. */
  id: FoundId;
  /** The number of the id's line. */
  idLine: number;
  /** Where the key's text begins, in which line, and where it ends. */
  key: KeyRange;
}

/** Where a key is in a text; blank lines may be around it. */
export interface KeyRange {
  /** Its beginning. */
  from: number;
  /** The number of the line that this is in. */
  line: number;
  /** Its end. */
  to: number;
}

/** What stands in front of an id in files with labels. */
export const ID_LABEL: RegExp =
  /^\s*(?:(?:user|client)[ _-]?id|u?uid|id)\s*[:=]\s*/i;
const KEY_LABEL = /^\s*(?:rsa[ _-]?)?(?:private[ _-]?)?key\s*[:=]\s*/i;
/**
 * A name and behind it, on the same line, an id that can't be anything else.
 * That the name ends where the marks begin keeps long lines of marks cheap.
 */
const BOTH =
  /^(.*[^\s:,;])[\s:,;]+(\{?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?)\s*$/i;

/**
 * Finds the parts of a file; undefined where no id is where one could be.
 *
 * @param bytes the file
 * @param text the same, a character for each byte
 * @param lines those of the text that aren't blank, one at least
 */
export function findParts(
  bytes: Uint8Array,
  text: string,
  lines: readonly [TextLine, ...TextLine[]],
): IdentityParts | undefined {
  const size = text.length;
  return partsAroundRawId(bytes, lines[0]) ?? partsBelow(text, lines) ??
    partsOfTwoLines(lines[0], size) ?? partsWithIdLast(lines);
}

/** The id as 16 bytes behind the name, some of which may look like a line's end. */
function partsAroundRawId(
  bytes: Uint8Array,
  name: TextLine,
): IdentityParts | undefined {
  const end = name.end + CLIENT_ID_SIZE;
  const next = bytes[end];
  if (next !== 0x0a && next !== 0x0d) return undefined;
  const id = rawClientId(bytes.subarray(name.end, end));
  if (id === undefined) return undefined;
  const idLine = name.number + 1;
  const key = { from: end, line: idLine, to: bytes.length };
  return { name: name.text, id, idLine, key };
}

/** Name, id and key below each other, labels in front of them or not. */
function partsBelow(
  text: string,
  [name, line]: readonly [TextLine, ...TextLine[]],
): IdentityParts | undefined {
  const id = readClientId(line?.text.replace(ID_LABEL, "") ?? "");
  if (line === undefined || id === undefined) return undefined;
  const isLabelled = ID_LABEL.test(line.text);
  const label = isLabelled ? KEY_LABEL.exec(text.slice(line.end)) : null;
  const from = line.end + (label?.[0].length ?? 0);
  return {
    // A name alone may look as if it had a label.
    name: isLabelled ? name.text.replace(NAME_LABEL, "") : name.text,
    id,
    idLine: line.number,
    key: { from, line: line.number + 1, to: text.length },
  };
}

/** Name and id on one line, the key below. */
function partsOfTwoLines(
  line: TextLine,
  size: number,
): IdentityParts | undefined {
  const [, name, digits = ""] = BOTH.exec(line.text) ?? [];
  const id = readClientId(digits);
  if (name === undefined || id === undefined) return undefined;
  const key = { from: line.end, line: line.number + 1, to: size };
  return { name, id, idLine: line.number, key };
}

/** Name, key and id, in this order. */
function partsWithIdLast(
  lines: readonly [TextLine, ...TextLine[]],
): IdentityParts | undefined {
  const [{ text: name }, first] = lines;
  const last = lines.at(-1);
  const id = readClientId(last?.text.replace(ID_LABEL, "") ?? "");
  if (first === undefined || last === undefined || id === undefined) {
    return undefined;
  }
  if (!KEY_BEGINNING.test(first.text)) return undefined;
  const key = { from: first.start, line: first.number, to: last.start };
  return { name, id, idLine: last.number, key };
}
