/** Bytes that are allocated at a time. */
const SLAB_SIZE = 64 * 1024;
/** Bytes of the largest piece of a slab. */
const MOST = 4096;

let slab = new Uint8Array(0);
let used = 0;

/**
 * Zeroed bytes for what soon goes: small ones are pieces of one allocation,
 * which by itself would cost ten times as much. Kept for long, a piece would
 * keep all of it.
 */
export function allocateShortLived(size: number): Uint8Array<ArrayBuffer> {
  if (size > MOST) return new Uint8Array(size);
  if (used + size > slab.length) {
    slab = new Uint8Array(SLAB_SIZE);
    used = 0;
  }
  used += size;
  return slab.subarray(used - size, used);
}
