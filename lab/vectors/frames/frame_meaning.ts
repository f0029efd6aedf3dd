import { encodeHex } from "@std/encoding";
import {
  type DialectName,
  dialectNamed,
} from "../../../shared/wire/dialects.ts";
import { decodeListedName } from "../../../shared/wire/field_types.ts";
import { type Direction, formOf } from "../../../kit/dissect/form.ts";
import {
  CONTENT_SIZE,
  integer,
  type Piece,
  Walk,
} from "../../../kit/dissect/walk.ts";
import type { Fields, FrameMeaning } from "../vector.ts";

/** Fields whose bytes are a number. */
const NUMBERS: ReadonlySet<string> = new Set([
  "version",
  "code",
  "payloadSize",
  "messageId",
  "type",
  CONTENT_SIZE,
]);

/**
 * What a frame says, right or wrong: its header where that is whole, what the
 * code means, and the records of the payload that are whole, as far as the
 * header's size goes. Of a content there is what came.
 */
export function frameMeaning(
  frame: Uint8Array,
  direction: Direction,
  dialect: DialectName,
): FrameMeaning {
  const form = formOf(frame, direction, dialectNamed(dialect));
  const { kind, codec, headerSize, claim = 0 } = form;
  if (frame.length < headerSize) return {};
  const header = fieldsOf(form.header);
  if (kind === undefined || codec === undefined) return { header };
  const end = Math.min(frame.length, headerSize + claim);
  const walk = new Walk(frame, headerSize, end);
  walk.along(codec, "payload");
  return { header, kind, payload: recordsOf(walk.pieces) };
}

function recordsOf(pieces: readonly Piece[]): Fields[] {
  const records = Map.groupBy(pieces, ({ path }) => path.split(".")[0]);
  const isThere = ({ field, missing }: Piece) =>
    missing === 0 || field === "content";
  return [...records.values()].filter((record) => record.every(isThere))
    .map(fieldsOf);
}

function fieldsOf(pieces: readonly Piece[]): Fields {
  return Object.fromEntries(
    pieces.map(({ field, bytes }) => [field, valueOf(field, bytes)]),
  );
}

function valueOf(field: string, bytes: Uint8Array): number | string {
  if (NUMBERS.has(field)) return integer(bytes);
  return field === "name" ? decodeListedName(bytes) : encodeHex(bytes);
}
