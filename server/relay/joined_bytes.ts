import { concat } from "@std/bytes";

/** Bytes of the longest array that {@linkcode join} makes, and of each spare one. */
export const LONGEST_JOIN: number = 64 * 1024;
/** Bytes from which an array is worth keeping: a new one costs 25 µs, a spare one less than one. */
const SHORTEST_SPARE = 8 * 1024;
/** Spare arrays that are kept: as many connections may be written to at once. */
const MOST_SPARE = 64;

const spare: Uint8Array<ArrayBuffer>[] = [];
const lent = new WeakMap<ArrayBufferLike, Uint8Array<ArrayBuffer>>();

/**
 * Joins two arrays of at most {@linkcode LONGEST_JOIN} bytes together, in place
 * where the first was made so. Where the bytes have been written,
 * {@linkcode giveBack} lets others have the memory.
 */
export function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const size = first.length + second.length;
  if (size < SHORTEST_SPARE) return concat([first, second]);
  let whole = lent.get(first.buffer);
  if (whole === undefined) {
    whole = spare.pop() ?? new Uint8Array(LONGEST_JOIN);
    lent.set(whole.buffer, whole);
    whole.set(first);
  }
  whole.set(second, first.length);
  return whole.subarray(0, size);
}

/** Keeps the memory of joined bytes for others, once these are done with. */
export function giveBack(bytes: Uint8Array): void {
  if (bytes.length < SHORTEST_SPARE) return;
  const whole = lent.get(bytes.buffer);
  if (whole === undefined) return;
  lent.delete(bytes.buffer);
  if (spare.length < MOST_SPARE) spare.push(whole);
}
