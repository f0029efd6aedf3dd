/**
 * Converts text files in UTF-8 or UTF-16 to UTF-8.
 *
 * @module
 */

/** A file's content without its text encoding. */
export interface PlainBytes {
  /** UTF-8, or the file's raw bytes, without a byte order mark. */
  bytes: Uint8Array;
  /** The encoding that was removed, in words. */
  found: string[];
}

/** Removes a byte order mark, and converts UTF-16 to UTF-8. */
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

/** Detects UTF-16 by its byte order mark, or by the zero bytes of Latin letters. */
function utf16Of(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  let even = 0;
  let odd = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  // A name padded with NULs has zeros at even and at odd offsets.
  const pairs = bytes.length / 2;
  const [many, few] = [0.8 * pairs, 0.1 * pairs];
  if (odd > many && even < few) return "utf-16le";
  if (even > many && odd < few) return "utf-16be";
  return undefined;
}
