/** Size in bytes of a slab. */
const SLAB_SIZE = 64 * 1024;
/** Size in bytes of the largest array that shares a slab. */
const MOST = 4096;

let slab = new Uint8Array(0);
let used = 0;

/**
 * Allocates zeroed bytes for short-lived use. Small arrays share one slab, which
 * costs a tenth of an allocation each. An array that is kept keeps its slab.
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
