/**
 * Goes along bytes by the codec's own records, field by field, whatever the
 * bytes are: where a strict reader throws, this one says how much is missing.
 *
 * @module
 */

import type { AnyField } from "../../shared/wire/fields.ts";

/** The bytes of one field, as far as they are there. */
export interface Piece {
  /** Where it belongs, such as `payload[2].content.size`. */
  readonly path: string;
  /** The last name in the path, by which its meaning is found. */
  readonly field: string;
  /** Bytes before it in the frame. */
  readonly offset: number;
  /** A view of the frame. */
  readonly bytes: Uint8Array;
  /** Bytes that the field has to have more than are there. */
  readonly missing: number;
  /** The pieces of the same record that stand before it, by their fields. */
  readonly record: ReadonlyMap<string, Piece>;
}

/** Names the size that stands before a content. */
export const CONTENT_SIZE = "contentSize";

/** An unsigned integer, little endian (FRM-1). */
export function integer(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** One walk over the bytes of a header or a payload. */
export class Walk {
  readonly pieces: Piece[] = [];
  readonly #frame: Uint8Array;
  readonly #end: number;
  #offset: number;

  /**
   * Starts at an offset of a frame.
   *
   * @param end where the header or the payload ends, at most the frame's end
   */
  constructor(frame: Uint8Array, offset: number, end: number) {
    this.#frame = frame;
    this.#offset = offset;
    this.#end = end;
  }

  /** Where it has got to. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#offset;
  }

  /**
   * Goes along a field and those within it.
   *
   * @returns whether all of it was there
   */
  along(
    field: AnyField,
    path: string,
    name: string = path,
    record: Map<string, Piece> = new Map(),
  ): boolean {
    const { shape } = field;
    switch (shape.kind) {
      case "record": {
        const own = new Map<string, Piece>();
        return shape.entries.every(([key, entry]) =>
          this.along(entry, `${path}.${key}`, key, own)
        );
      }
      case "list": {
        for (let index = 0; this.left > 0; index++) {
          if (!this.along(shape.item, `${path}[${index}]`)) return false;
        }
        return true;
      }
      case "sized": {
        const size = `${path}.size`;
        if (!this.along(shape.size, size, CONTENT_SIZE, record)) return false;
        const claim = integer(record.get(CONTENT_SIZE)?.bytes ?? NOTHING);
        return this.#take(claim, path, name, record);
      }
      case "leaf":
        return this.#take(field.fixedSize ?? this.left, path, name, record);
    }
  }

  /** Takes all that is left as one piece, unless it is nothing. */
  rest(path: string, field: string = path): void {
    if (this.left > 0) this.#take(this.left, path, field, new Map());
  }

  #take(
    size: number,
    path: string,
    field: string,
    record: Map<string, Piece>,
  ): boolean {
    const { offset } = this;
    // A claim may be 4 GiB: it is a view that is cut, never memory.
    const there = Math.min(size, this.left);
    const bytes = this.#frame.subarray(offset, offset + there);
    const missing = size - there;
    const piece = { path, field, offset, bytes, missing, record };
    this.#offset += there;
    this.pieces.push(piece);
    record.set(field, piece);
    return missing === 0;
  }
}

const NOTHING = new Uint8Array(0);
