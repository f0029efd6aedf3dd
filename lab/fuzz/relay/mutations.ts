/**
 * What can go wrong with frames on their way, each change by the name under
 * which it is counted.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { dialects, requestCode } from "../../../shared/wire/dialects.ts";
import { requestKinds } from "../../../shared/wire/requests.ts";
import { oddSize, type Source } from "./grammar.ts";
import {
  CODE_AT,
  CONTENT_SIZE_AT,
  NAME_AT,
  SIZE_AT,
  TYPE_AT,
  VERSION_AT,
  viewOf,
} from "./layout.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Mutation = (frame: Bytes, source: Source, other: Bytes) => Bytes;

/** A mutation that writes into a frame, where it is long enough. */
function writes(
  size: number,
  write: (view: DataView, source: Source) => void,
): Mutation {
  return (frame, source) => {
    if (frame.length >= size) write(viewOf(frame), source);
    return frame;
  };
}

/** Each change; it may write into the frame that it gets, never into the other. */
export const mutations: Readonly<Record<string, Mutation>> = {
  "flipped bits": (frame, { random }) => {
    for (let flips = random.between(1, 4); flips > 0; flips--) {
      const at = random.below(frame.length);
      frame[at] = (frame[at] ?? 0) ^ (1 << random.below(8));
    }
    return frame;
  },
  "flipped bit in the header": (frame, { random }) => {
    const at = random.below(Math.min(frame.length, NAME_AT));
    frame[at] = (frame[at] ?? 0) ^ (1 << random.below(8));
    return frame;
  },
  "false payload size": writes(
    SIZE_AT + 4,
    (view, source) => view.setUint32(SIZE_AT, oddSize(source), true),
  ),
  "payload size off by a few": writes(SIZE_AT + 4, (view, { random }) => {
    const size = view.getUint32(SIZE_AT, true) + random.between(-3, 3);
    view.setUint32(SIZE_AT, size, true);
  }),
  "false content size": writes(
    CONTENT_SIZE_AT + 4,
    (view, source) => view.setUint32(CONTENT_SIZE_AT, oddSize(source), true),
  ),
  "other type": writes(
    TYPE_AT + 1,
    (view, { random }) => view.setUint8(TYPE_AT, random.below(256)),
  ),
  "other code": writes(CODE_AT + 2, (view, { random }) =>
    view.setUint16(
      CODE_AT,
      random.oneIn(2)
        ? requestCode(random.pick(requestKinds), random.pick(dialects))
        : random.below(0x10000),
      true,
    )),
  "other version": writes(
    VERSION_AT + 1,
    (view, { random }) => view.setUint8(VERSION_AT, random.below(256)),
  ),
  "cut off": (frame, { random }) => frame.slice(0, random.below(frame.length)),
  "a part cut out": (frame, { random }) => {
    const from = random.below(frame.length);
    const to = random.between(from, frame.length);
    return concat([frame.subarray(0, from), frame.subarray(to)]) as Bytes;
  },
  "a part put in": (frame, { random }) => {
    const at = random.below(frame.length);
    const part = random.bytes(random.between(1, 30));
    return concat([frame.subarray(0, at), part, frame.subarray(at)]) as Bytes;
  },
  twice: (frame) => concat([frame, frame]) as Bytes,
  "spliced with another": (frame, { random }, other) =>
    concat([
      frame.subarray(0, random.below(frame.length)),
      other.subarray(random.below(other.length)),
    ]) as Bytes,
};
