/**
 * Finds the parts of an identity file in each order that programs write.
 *
 * @module
 */

import { CLIENT_ID_SIZE } from "../wire/protocol.ts";
import {
  type FoundId,
  isBlank,
  KEY_BEGINNING,
  NAME_LABEL,
  RAW_KEY_BEGINNING,
  rawClientId,
  readClientId,
  type TextLine,
  textLines,
} from "./identity_fields.ts";
import { IdentityError } from "./identity_error.ts";

/** The parts of a file. */
export interface IdentityParts {
  /** The line of the name, its bytes as characters. */
  name: string;
  /** The id. */
  id: FoundId;
  /** The number of the id's line. */
  idLine: number;
  /** The range of the key. */
  key: KeyRange;
}

/** A key's range in a text; blank lines may surround it. */
export interface KeyRange {
  /** Offset of its start. */
  from: number;
  /** Number of the line with its start. */
  line: number;
  /** Offset of its end. */
  to: number;
}

/** The label before an id in files with labels. */
export const ID_LABEL: RegExp =
  /^\s*(?:(?:user|client)[ _-]?id|u?uid|id)\s*[:=]\s*/i;
const KEY_LABEL = /^\s*(?:rsa[ _-]?)?(?:private[ _-]?)?key\s*[:=]\s*/i;
/**
 * A name and an id on one line. The name must not end in a separator, which
 * keeps matching linear on long runs of separators.
 */
const BOTH =
  /^(.*[^\s:,;])[\s:,;]+(\{?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?)\s*$/i;

/**
 * Finds the parts of a file; undefined if no id is where one is expected.
 *
 * @param bytes the file
 * @param text the file, a character for each byte
 * @param lines the lines that aren't blank, at least one
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

/** The id as 16 bytes after the name; some may equal line ends. */
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

/** Name, id and key on successive lines, with or without labels. */
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
    // A name without a label may begin like one.
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

/** A key's exact place in a text. */
export interface KeyPlace {
  /** Offset of its start. */
  from: number;
  /** Offset of its end, or of the end of the blank lines after it. */
  to: number;
  /** The numbers of its first and last line. */
  lines: [first: number, last: number];
}

/**
 * Finds the key between blank lines.
 *
 * @throws {IdentityError} if there is none, or more than one
 */
export function placeOfKey(text: string, range: KeyRange): KeyPlace {
  const { from, line, to } = range;
  const lines = textLines(text.slice(from, to))
    .filter((each) => !isBlank(each.text))
    .map((each) => ({ ...each, number: each.number + line - 1 }));
  const [first] = lines;
  const last = lines.at(-1);
  if (first === undefined || last === undefined) {
    throw new IdentityError(
      "there is no private key",
      "Some programs keep it in a file of its own: put it below the id in a copy",
    ).within(`line ${line}`);
  }
  const begin = from + first.start;
  // Raw bytes have no lines.
  const isRaw = RAW_KEY_BEGINNING.test(text.slice(begin, to));
  if (!isRaw) refuseSecond(lines);
  const { number } = isRaw ? first : last;
  return { from: begin, to, lines: [first.number, number] };
}

/** @throws {IdentityError} if another identity follows the key */
function refuseSecond([first, ...lines]: readonly TextLine[]): void {
  // Lines of a key in hex digits may look like ids.
  if (first === undefined || /^[\s0-9a-f]+$/i.test(first.text)) return;
  const second = lines.find(({ text }) =>
    /^[\s\0{]*[0-9a-f-]{32,36}[\s\0}]*$/i.test(text) &&
    readClientId(text) !== undefined
  );
  if (second === undefined) return;
  throw new IdentityError(
    "another identity begins behind the first one's key",
    "Copy the lines of the one that you want into a file of their own",
  ).within(`line ${second.number - 1}`);
}
