/**
 * Text files of any width of characters as bytes of UTF-8.
 *
 * @module
 */

/** A text without what a program put around its characters. */
export interface PlainBytes {
  /** UTF-8, or whatever other bytes the file has, without a mark at their beginning. */
  bytes: Uint8Array;
  /** What was taken away, in words. */
  found: string[];
}

/** Takes a mark at the beginning away, and turns UTF-16 into UTF-8. */
export function plainBytes(file: Uint8Array): PlainBytes {
  const utf16 = utf16Of(file);
  if (utf16 !== undefined) {
    const whole = file.subarray(0, file.length - file.length % 2);
    const text = new TextDecoder(utf16).decode(whole);
    const { bytes } = plainBytes(new TextEncoder().encode(text));
    return { bytes, found: ["text in UTF-16"] };
  }
  const bytes = withoutMarks(file);
  const isMarked = bytes.length < file.length;
  return { bytes, found: isMarked ? ["a byte order mark"] : [] };
}

function withoutMarks(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (
    bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf
  ) at += 3;
  return bytes.subarray(at);
}

/** Which kind of UTF-16 it is, by its mark or else by the zeros of Latin letters. */
function utf16Of(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  let even = 0;
  let odd = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  // Names that NULs pad have them on both sides.
  const pairs = bytes.length / 2;
  const [many, few] = [0.8 * pairs, 0.1 * pairs];
  if (odd > many && even < few) return "utf-16le";
  if (even > many && odd < few) return "utf-16be";
  return undefined;
}
