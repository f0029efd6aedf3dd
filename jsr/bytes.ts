/**
 * Stand-in for `jsr:@std/bytes`: its names and signatures over `node:buffer`.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Joins the arrays into a new one. */
export function concat(
  buffers: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(buffers));
}

/** Whether both arrays hold the same bytes. */
export function equals(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
