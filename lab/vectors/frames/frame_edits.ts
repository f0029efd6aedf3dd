/**
 * Frames with one thing changed: what breaks a clause is seen best beside what
 * doesn't.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { type Direction, dissect } from "../../../kit/dissect/dissector.ts";
import { integer } from "../../../kit/dissect/walk.ts";

/** What is put where a payload has too many bytes. */
const FILLING = 0x11;

/**
 * A frame with another value in one of its fields. A number takes the field's
 * place, little endian; bytes may be more or fewer than those they replace.
 *
 * @param path which, such as `header.code` or `payload[1].content.size`
 * @throws {RangeError} where the frame has no such field
 */
export function withField(
  frame: Uint8Array,
  direction: Direction,
  path: string,
  value: number | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const part = dissect(frame, direction).parts.find((part) =>
    part.path === path
  );
  if (part === undefined) throw new RangeError(`Expected a field ${path}`);
  const { offset, bytes } = part;
  return concat([
    frame.subarray(0, offset),
    typeof value === "number" ? littleEndian(value, bytes.length) : value,
    frame.subarray(offset + bytes.length),
  ]);
}

/** An integer as so many bytes. */
function littleEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from(
    { length: size },
    (_, at) => Math.floor(value / 256 ** at) % 256,
  );
}

/**
 * A frame whose payload has so many bytes more or fewer, and whose header says
 * so.
 */
export function resized(
  frame: Uint8Array,
  direction: Direction,
  change: number,
): Uint8Array<ArrayBuffer> {
  const path = "header.payloadSize";
  const size = dissect(frame, direction).parts.find((part) =>
    part.path === path
  );
  const claim = integer(size?.bytes ?? frame);
  const bytes = change < 0
    ? frame.subarray(0, change)
    : concat([frame, new Uint8Array(change).fill(FILLING)]);
  return withField(bytes, direction, path, claim + change);
}

/** A frame whose code and payload size stand the other way round. */
export function bigEndian(
  frame: Uint8Array,
  direction: Direction,
): Uint8Array<ArrayBuffer> {
  return dissect(frame, direction).parts
    .filter(({ path }) => /^header\.(code|payloadSize)$/.test(path))
    .reduce(
      (changed, { path, bytes }) =>
        withField(changed, direction, path, bytes.toReversed()),
      Uint8Array.from(frame),
    );
}
