import { BLOCK_SIZE } from "../../shared/wire/dialects.ts";
import { blockPadding } from "../../shared/wire/request_framer.ts";
import { type Direction, type Form, formOf, payloadSize } from "./form.ts";
import { frameStart } from "./frame_start.ts";
import { GrowingBytes } from "./growing_bytes.ts";

/** A part of one direction of a connection. */
export type Framed =
  & {
    /** Its offset in the stream, in bytes. */
    readonly offset: number;
  }
  & (
    | {
      /** A frame; incomplete if the stream ends in it. */
      readonly kind: "frame";
      /** Its bytes, or the first ones of a large frame. */
      readonly bytes: Uint8Array;
      /** Number of further bytes. */
      readonly unseen: number;
    }
    | {
      /** Zeros that fill a block. */
      readonly kind: "padding";
      /** Number of zeros. */
      readonly size: number;
    }
    | {
      /** No frame begins here. */
      readonly kind: "lost";
      /** The first bytes there. */
      readonly bytes: Uint8Array;
    }
    | {
      /** The end of unknown bytes: the next frame, or the end of the stream. */
      readonly kind: "foreign";
      /** Number of bytes skipped. */
      readonly size: number;
    }
  );

/** Size in bytes of the largest frame that is kept whole. */
const MOST_HELD = 2 * 1024 * 1024;
/** Number of bytes kept of a larger one. */
const HEAD_SIZE = 4096;
/** Size in bytes of the largest payload that is accepted for an unknown code. */
const MOST_UNKNOWN = 16 * 1024 * 1024;
/** Number of unknown bytes shown. */
const LOST_SHOWN = 64;

/** The meaning of the next bytes. */
type State =
  | { kind: "frame" }
  | { kind: "large"; head: Uint8Array; unseen: number; left: number }
  | { kind: "padding"; size: number; left: number }
  | { kind: "lost"; size: number };

/**
 * Frames one direction of a connection leniently: bytes that are no frame are
 * skipped. Memory grows with the bytes that have
 * arrived, up to 2 MiB and one push, never with a size that a header claims.
 */
export class StreamFramer {
  readonly #direction: Direction;
  readonly #held = new GrowingBytes();
  #offset = 0;
  #state: State = { kind: "frame" };
  /** Bytes needed for the kept frame, as far as known. */
  #needed = 0;
  /** Size of the last frame in bytes, and whether padding was seen. */
  #last = 0;
  #hasBlocks = false;

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  /** Number of bytes framed so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Adds bytes; returns the parts that they complete. */
  push(bytes: Uint8Array): Framed[] {
    const found: Framed[] = [];
    // The rest of a large frame isn't copied.
    this.#held.push(bytes.subarray(this.#pass(bytes, found)));
    while (this.#step(found));
    return found;
  }

  /** Ends the stream; returns its last, perhaps incomplete part. */
  end(): Framed[] {
    const found: Framed[] = [];
    const state = this.#state;
    if (state.kind === "large") {
      this.#emitLarge(state, found);
    } else if (state.kind === "padding") {
      this.#emitPadding(state, found);
    } else if (state.kind === "lost") {
      const rest = this.#held.take(this.#held.size);
      this.#emitForeign(state.size + rest.length, found);
    }
    if (this.#held.size > 0) {
      const bytes = this.#held.take(this.#held.size);
      const isPadding = this.#last > 0 && bytes.every((byte) => byte === 0);
      if (isPadding) this.#emitPadding({ size: bytes.length }, found);
      else this.#emitFrame(bytes, found);
    }
    return found;
  }

  /** Skips bytes of a large frame; returns their number. */
  #pass(bytes: Uint8Array, found: Framed[]): number {
    const state = this.#state;
    if (state.kind !== "large") return 0;
    const size = Math.min(state.left, bytes.length);
    state.left -= size;
    state.unseen += size;
    if (state.left === 0) this.#emitLarge(state, found);
    return size;
  }

  /** @returns whether the kept bytes may yield more */
  #step(found: Framed[]): boolean {
    if (this.#held.size === 0) return false;
    switch (this.#state.kind) {
      case "frame":
        return this.#takeFrame(found);
      case "padding":
        return this.#takePadding(this.#state, found);
      case "lost":
        return this.#seek(this.#state, found);
      default:
        return false;
    }
  }

  #takeFrame(found: Framed[]): boolean {
    if (this.#held.size < this.#needed) return false;
    const bytes = this.#held.view;
    const form = formOf(bytes, this.#direction);
    const padding = this.#paddingLeft(bytes, form.headerSize);
    if (padding === undefined) return false;
    if (padding > 0) {
      this.#state = { kind: "padding", size: 0, left: padding };
      return true;
    }
    if (isForeign(form)) return this.#lose(bytes, found);
    const size = payloadSize(bytes, form, false);
    if (size === undefined) return false;
    const total = form.headerSize + size;
    if (total > MOST_HELD) return this.#beginLarge(total, found);
    this.#needed = total;
    if (bytes.length < total) return false;
    this.#emitFrame(this.#held.take(total), found);
    return true;
  }

  #beginLarge(total: number, found: Framed[]): boolean {
    const held = this.#held.take(total);
    const head = held.slice(0, HEAD_SIZE);
    const unseen = held.length - head.length;
    const left = total - held.length;
    const state = { kind: "large", head, unseen, left } as const;
    this.#state = state;
    if (left === 0) this.#emitLarge(state, found);
    return left === 0;
  }

  /**
   * Number of zeros up to the end of a block; undefined if more bytes are needed
   * (DIA-5).
   */
  #paddingLeft(bytes: Uint8Array, headerSize: number): number | undefined {
    if (this.#last === 0) return 0;
    const size = blockPadding(this.#last);
    // Fewer zeros than a header may begin an id, unless padding was seen.
    const needed = this.#hasBlocks && size > 0
      ? Math.min(size, headerSize)
      : headerSize;
    const start = bytes.subarray(0, needed);
    if (start.some((byte) => byte !== 0)) return 0;
    if (start.length < needed) return undefined;
    return size > 0 ? size : BLOCK_SIZE;
  }

  #takePadding(state: State & { kind: "padding" }, found: Framed[]): boolean {
    const next = this.#held.view.subarray(0, state.left);
    const end = next.findIndex((byte) => byte !== 0);
    const size = end < 0 ? next.length : end;
    this.#held.drop(size);
    state.size += size;
    state.left -= size;
    const isOver = state.left === 0 || end >= 0;
    if (isOver) this.#emitPadding(state, found);
    return isOver;
  }

  #lose(bytes: Uint8Array, found: Framed[]): boolean {
    const offset = this.#offset;
    const shown = bytes.slice(0, LOST_SHOWN);
    found.push({ kind: "lost", offset, bytes: shown });
    this.#state = { kind: "lost", size: 0 };
    return true;
  }

  #seek(state: State & { kind: "lost" }, found: Framed[]): boolean {
    const start = frameStart(this.#held.view, this.#direction);
    this.#held.drop(start.at);
    state.size += start.at;
    if (!start.isFrame) return false;
    this.#emitForeign(state.size, found);
    return true;
  }

  #emitFrame(bytes: Uint8Array, found: Framed[]): void {
    this.#emit({ kind: "frame", bytes, unseen: 0 }, bytes.length, found);
    this.#last = bytes.length;
  }

  #emitLarge(state: State & { kind: "large" }, found: Framed[]): void {
    const { head: bytes, unseen } = state;
    const size = bytes.length + unseen;
    this.#emit({ kind: "frame", bytes, unseen }, size, found);
    this.#last = size;
  }

  #emitPadding({ size }: { size: number }, found: Framed[]): void {
    this.#emit({ kind: "padding", size }, size, found);
    this.#hasBlocks = true;
    this.#last = BLOCK_SIZE;
  }

  #emitForeign(size: number, found: Framed[]): void {
    if (size > 0) this.#emit({ kind: "foreign", size }, size, found);
    this.#state = { kind: "frame" };
    this.#last = 0;
  }

  #emit(
    part: Framed extends infer C ? C extends Framed ? Omit<C, "offset"> : never
      : never,
    size: number,
    found: Framed[],
  ): void {
    found.push({ ...part, offset: this.#offset } as Framed);
    this.#offset += size;
    this.#needed = 0;
    this.#state = { kind: "frame" };
  }
}

function isForeign({ code, claim, kind, secure }: Form): boolean {
  return code !== undefined && claim !== undefined && kind === undefined &&
    secure === undefined && claim > MOST_UNKNOWN;
}
