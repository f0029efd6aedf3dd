/**
 * Walks over bytes by the fields of a codec. Reports missing bytes where a
 * strict reader throws.
 *
 * @module
 */

import type { AnyField } from "../../shared/wire/fields.ts";

/** The available bytes of a field. */
export interface Piece {
  /** Its path, such as `payload[2].content.size`. */
  readonly path: string;
  /** The field's name, the last one in the path. */
  readonly field: string;
  /** Its offset in the frame, in bytes. */
  readonly offset: number;
  /** A view of the frame. */
  readonly bytes: Uint8Array;
  /** Number of missing bytes. */
  readonly missing: number;
  /** The pieces before it in its record, by field. */
  readonly record: ReadonlyMap<string, Piece>;
}

/** Name of the size before a content. */
export const CONTENT_SIZE = "contentSize";

/** The last name in a path, without its index. */
export const lastName = (path: string): string =>
  path.slice(path.lastIndexOf(".") + 1).replace(/\[\d+\]$/, "");

/** Decodes an unsigned little-endian integer (FRM-1). */
export function integer(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** A walk over the bytes of a header or a payload. */
export class Walk {
  readonly pieces: Piece[] = [];
  readonly #frame: Uint8Array;
  readonly #end: number;
  #offset: number;

  /**
   * @param offset start of the header or the payload in the frame
   * @param end its end, at most the frame's
   */
  constructor(frame: Uint8Array, offset: number, end: number) {
    this.#frame = frame;
    this.#offset = offset;
    this.#end = end;
  }

  /** The current offset. */
  get offset(): number {
    return this.#offset;
  }

  /** Number of bytes left. */
  get left(): number {
    return this.#end - this.#offset;
  }

  /**
   * Walks over a field and its inner fields.
   *
   * @returns whether it is complete
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
      case "counted": {
        const count = `${path}.count`;
        if (!this.#take(1, count, count, record)) return false;
        const most = integer(record.get(count)?.bytes ?? NOTHING);
        for (let index = 0; index < most; index++) {
          if (!this.along(shape.item, `${path}[${index}]`)) return false;
        }
        return true;
      }
      case "optional": {
        const has = `${path}.has`;
        if (!this.#take(1, has, has, record)) return false;
        return integer(record.get(has)?.bytes ?? NOTHING) !== 1 ||
          this.along(shape.item, path, name, record);
      }
      case "choice": {
        if (!this.#take(1, path, name, record)) return false;
        const index = integer(record.get(name)?.bytes ?? NOTHING);
        const chosen = shape.options[index];
        if (chosen === undefined) return true;
        const [key, option] = chosen;
        return this.along(option, `${path}.${key}`, key, record);
      }
      case "leaf":
        return this.#take(field.fixedSize ?? this.left, path, name, record);
    }
  }

  /** Takes all bytes left as one piece, if there are any. */
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
    // A claim may be 4 GiB; a view needs no memory.
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
