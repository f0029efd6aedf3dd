/**
 * Tells the zeros with which some clients fill their requests' blocks from
 * requests (clause DIA-5).
 *
 * @module
 */

import { concat } from "@std/bytes";
import type { ByteSource } from "../../shared/wire/byte_source.ts";
import { dialectNamed, paddingBehind } from "../../shared/wire/dialects.ts";
import { REQUEST_HEADER_SIZE } from "../../shared/wire/protocol.ts";

/**
 * Milliseconds that zeros behind a request get to show what they are: the rest
 * of a block comes right behind its start, and so does the rest of a header.
 */
const PADDING_GRACE = 100;
const BLOCKS = dialectNamed("blocks");

/**
 * Looks at what follows a request. Zeros up to the end of its block are
 * padding: a header of zeros asks for nothing. Fewer of them than a header has
 * may be the id in a registration; they are padding where nothing follows, or
 * as many zeros as a header has: then the client fills more than a block.
 *
 * @param left bytes of the block behind the request
 * @param patience milliseconds that the bytes have to arrive; default: for ever
 * @returns whether it is padding, which is left where it is; undefined where
 * that can't be told in time
 */
export async function isPadding(
  source: ByteSource,
  left: number,
  patience?: number,
): Promise<boolean | undefined> {
  const end = patience === undefined ? undefined : performance.now() + patience;
  const telling = Math.max(left, REQUEST_HEADER_SIZE);
  for (let zeros = 0;;) {
    const there = Math.min(telling, source.buffered);
    const next = source.peek(there);
    while (zeros < there && next[zeros] === 0) zeros++;
    if (zeros < there) return false;
    if (zeros === telling) return true;
    if (zeros >= left) {
      if (await source.hasWithin(zeros + 1, PADDING_GRACE)) continue;
      return zeros === left;
    }
    if (source.ended) return undefined;
    const wanted = source.buffered + 1;
    if (end === undefined) await source.has(wanted);
    else if (!(await source.hasWithin(wanted, end - performance.now()))) {
      return undefined;
    }
  }
}

/**
 * The same before the request is answered, for a short time, so that the padded
 * answer goes out in one write. What breaks the connection meanwhile is thrown
 * by the next read.
 */
export async function isPaddedAtOnce(
  source: ByteSource,
  left: number,
): Promise<boolean> {
  try {
    return await isPadding(source, left, PADDING_GRACE) === true;
  } catch {
    return false;
  }
}

/**
 * Whether what follows a header is a payload of some size and zeros up to the
 * end of its block, though the header says otherwise (clause DIA-6). It is left
 * where it is.
 */
export async function isPaddedPayload(
  source: ByteSource,
  headerSize: number,
  size: number,
): Promise<boolean> {
  const rest = paddingBehind(headerSize, BLOCKS);
  const isZero = (byte: number) => byte === 0;
  const isPadded = () =>
    source.peek(Math.min(rest, source.buffered)).subarray(size).every(isZero);
  return isPadded() && await source.hasWithin(rest, PADDING_GRACE) &&
    isPadded() && !source.peek(size).every(isZero);
}

/** A request that may be padded to the end of its block, and its answer. */
export class Block {
  /** Where the block ends, in bytes from the connection's start. */
  readonly end: number;
  /** Whether it is known to be padded. */
  padded = false;
  /** Bytes of the answer without its padding, as far as it has gone out. */
  answered = 0;

  /**
   * @param start where the request starts, in bytes from the connection's start
   * @param end where it ends
   */
  constructor(start: number, end: number) {
    this.end = end + paddingBehind(end - start, BLOCKS);
  }

  /** Zeros that the answer needs behind it. */
  get answerPadding(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(paddingBehind(this.answered, BLOCKS));
  }

  /** The end of the answer as it goes out: with zeros behind it where the request had them. */
  fill(last: Uint8Array): Uint8Array {
    return this.padded ? concat([last, this.answerPadding]) : last;
  }
}
