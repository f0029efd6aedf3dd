/**
 * Stand-in for `jsr:@std/encoding`: its names and signatures over the
 * runtime's own `Uint8Array` conversions.
 *
 * @module
 */

/** Encodes bytes as lower-case hex digits. */
export function encodeHex(src: Uint8Array): string {
  return src.toHex();
}

/**
 * Decodes hex digits of either case.
 *
 * @throws {Error} on an odd number of digits, or anything but digits
 */
export function decodeHex(src: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(src);
}

/** Encodes bytes as padded Base64 of the standard alphabet. */
export function encodeBase64(data: Uint8Array): string {
  return data.toBase64();
}

/**
 * Decodes Base64 of the standard alphabet; padding is optional.
 *
 * @throws {Error} on any other character, including white space
 */
export function decodeBase64(b64: string): Uint8Array<ArrayBuffer> {
  if (/\s/.test(b64)) throw new TypeError("Base64 holds white space");
  return Uint8Array.fromBase64(b64.replace(/=+$/, ""));
}
