import {
  dialects,
  requestCode,
  responseCodeIn,
} from "../../shared/wire/dialects.ts";
import { requestKinds, responseCodes } from "../../shared/wire/requests.ts";
import {
  requestHeader,
  responseHeader,
  shortRequestHeader,
} from "../../shared/wire/frames.ts";
import type { AnyField } from "../../shared/wire/fields.ts";
import type { Direction } from "./form.ts";

/** Where a header has its code, and which codes are known there. */
interface CodePlace {
  readonly at: number;
  readonly size: number;
  readonly codes: ReadonlySet<number>;
}

const places: Readonly<Record<Direction, readonly CodePlace[]>> = {
  request: [
    placeIn(requestHeader, requestCodes(2)),
    placeIn(shortRequestHeader, requestCodes(1)),
  ],
  answer: [
    placeIn(
      responseHeader,
      dialects.flatMap((dialect) =>
        responseCodes.map((code) => responseCodeIn(dialect, code))
      ),
    ),
  ],
};

function requestCodes(codeSize: number): number[] {
  return dialects.filter((dialect) => dialect.codeSize === codeSize).flatMap((
    dialect,
  ) => requestKinds.map((kind) => requestCode(kind, dialect)));
}

function placeIn(header: AnyField, codes: readonly number[]): CodePlace {
  let at = 0;
  const entries = header.shape.kind === "record" ? header.shape.entries : [];
  for (const [name, { fixedSize = 0 }] of entries) {
    if (name === "code") return { at, size: fixedSize, codes: new Set(codes) };
    at += fixedSize;
  }
  return { at, size: 0, codes: new Set() };
}

/**
 * Whether a code that is known stands where that of a header at an offset
 * would, or nothing is there yet. Quick, since most bytes begin nothing.
 */
export function mayBegin(
  bytes: Uint8Array,
  at: number,
  direction: Direction,
): boolean {
  return places[direction].some((place) => {
    const start = at + place.at;
    if (start + place.size > bytes.length) return true;
    const low = bytes[start] ?? 0;
    const high = place.size > 1 ? bytes[start + 1] ?? 0 : 0;
    return place.codes.has(high * 256 + low);
  });
}
