/** Bytes of a stream that became whole, or what is known of it instead. */
export type Stretch =
  & {
    /** When it became whole: the number of a packet in the capture. */
    readonly index: number;
  }
  & (
    | { readonly kind: "data"; readonly bytes: Uint8Array }
    | {
      readonly kind: "gap";
      /** Bytes that weren't captured; undefined where the beginning is missing. */
      readonly size: number | undefined;
    }
    | {
      readonly kind: "end";
      /** Whether the connection was reset. */
      readonly isReset: boolean;
    }
  );

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly index: number;
}

/** One direction of a TCP connection, put together from its segments in any order. */
export class TcpStream {
  readonly #pieces: Piece[] = [];
  /** Where the bytes begin, where the segment that says so was captured. */
  #begin: number | undefined;
  #end: { at: number; index: number } | undefined;
  #reset: number | undefined;
  /** The last sequence number, and how many bytes from the first one it is. */
  #last: { sequence: number; at: number } | undefined;

  /** The sequence number before the first byte, where it was captured. */
  initial: number | undefined;

  /** Whether nothing was captured. */
  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** Takes the segment that says where the bytes begin. */
  begin(sequence: number): void {
    this.initial = sequence;
    this.#begin = this.#unwrap((sequence + 1) >>> 0);
  }

  /** Takes bytes from a packet of that number. */
  push(sequence: number, bytes: Uint8Array, index: number): void {
    const at = this.#unwrap(sequence);
    if (bytes.length > 0) this.#pieces.push({ at, bytes, index });
  }

  /** Takes the end, with the number of the byte that would follow. */
  end(sequence: number, index: number): void {
    this.#end = { at: this.#unwrap(sequence), index };
  }

  /** Takes that the connection was reset by a packet of that number. */
  reset(index: number): void {
    this.#reset ??= index;
  }

  /** Sequence numbers begin again behind 2^32: the nearest one is meant. */
  #unwrap(sequence: number): number {
    const { sequence: near, at } = this.#last ?? { sequence, at: 0 };
    const unwrapped = at + ((sequence - near) | 0);
    this.#last = { sequence, at: unwrapped };
    return unwrapped;
  }

  #resetAt(at: number): { at: number; index: number } | undefined {
    return this.#reset === undefined ? undefined : { at, index: this.#reset };
  }

  /** The stream in its order. */
  *stretches(): Generator<Stretch> {
    const pieces = this.#pieces.toSorted((a, b) =>
      a.at - b.at || a.index - b.index
    );
    const [first] = pieces;
    let next = this.#begin ?? first?.at ?? this.#end?.at ?? 0;
    let index = 0;
    if (this.#begin === undefined && !this.isEmpty) {
      yield { kind: "gap", size: undefined, index: first?.index ?? 0 };
    }
    for (const piece of pieces) {
      const known = next - piece.at;
      if (known >= piece.bytes.length) continue;
      index = Math.max(index, piece.index);
      if (known < 0) yield { kind: "gap", size: -known, index };
      // What came again counts once.
      const bytes = piece.bytes.subarray(Math.max(0, known));
      yield { kind: "data", bytes, index };
      next = piece.at + piece.bytes.length;
    }
    const end = this.#end ?? this.#resetAt(next);
    if (end === undefined) return;
    index = Math.max(index, end.index);
    if (end.at > next) {
      yield { kind: "gap", size: end.at - next, index };
    }
    yield { kind: "end", isReset: this.#end === undefined, index };
  }
}
