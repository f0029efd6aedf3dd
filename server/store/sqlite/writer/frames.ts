/**
 * What passes between the store and its writer's thread: frames of a code, a
 * size and a value. Both ends are in one process: nothing here is checked.
 *
 * @module
 */

import type { Field } from "../../../../shared/wire/fields.ts";
import {
  allocateShortLived,
  Reader,
  Writer,
} from "../../../../shared/wire/buffers.ts";
import type { PipeReader } from "./shared_pipe.ts";

/** Codes of what comes back: the command's result, or the text of its failure. */
export const RESULT = 0;
export const FAILURE = 1;
export const BROKEN = 2;

/** Bytes in front of a value: the code, and the value's size. */
const HEADER_SIZE = 1 + 4;

/** A frame's bytes. */
export function encodeFrame<T>(
  code: number,
  field: Field<T>,
  value: T,
): Uint8Array {
  const size = field.size(value);
  const writer = new Writer(HEADER_SIZE + size, allocateShortLived);
  writer.u8(code);
  writer.u32(size);
  field.write(writer, value);
  return writer.bytes;
}

/** Reads a frame. Its value may hold views, which stay as they are until {@linkcode PipeReader.reuse}. */
export function readFrame(
  pipe: PipeReader,
): { code: number; payload: Reader } {
  const code = pipe.integer(1);
  const payload = new Reader(pipe.bytes(pipe.integer(4)), true);
  return { code, payload };
}
