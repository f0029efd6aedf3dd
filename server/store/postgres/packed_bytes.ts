import { concat } from "@std/bytes";

/**
 * Values of many rows in one parameter, of which each row takes its own:
 * arrays of bytes would go as text.
 */
export class PackedBytes {
  readonly #pieces: Uint8Array[] = [];
  // SQL counts from 1.
  #end = 1;

  /** Appends a piece; returns where it begins, as `substring` counts. */
  add(piece: Uint8Array): number {
    this.#pieces.push(piece);
    const start = this.#end;
    this.#end += piece.length;
    return start;
  }

  /** All pieces. */
  bytes(): Uint8Array {
    return concat(this.#pieces);
  }
}

/** SQL for the `n`th id, from 1, of those in a parameter. */
export function idAt(parameter: string, n: string): string {
  return `substring(${parameter}::bytea FROM ((${n})::int - 1) * 16 + 1 FOR 16)`;
}
