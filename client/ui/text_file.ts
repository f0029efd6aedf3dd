/**
 * Texts that other programs wrote: editors, and shells that redirect output.
 *
 * @module
 */

/** The encoding that a byte order mark names; UTF-8 without one. */
export function encodingOf(
  start: Uint8Array,
): "utf-8" | "utf-16le" | "utf-16be" {
  const [first, second] = start;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/**
 * Decodes UTF-8, or UTF-16 with a byte order mark. The mark isn't part of the
 * text.
 *
 * @throws {TypeError} if the bytes are no such text
 */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
}
