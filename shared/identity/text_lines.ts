/**
 * Bytes as text, and its lines.
 *
 * @module
 */

/** A line of a text, with or without anything in it. */
export interface TextLine {
  /** What it holds, without its end. */
  text: string;
  /** Its number, from 1. */
  number: number;
  /** Where it begins in the text. */
  start: number;
  /** Where the next one begins. */
  end: number;
}

/** The lines of a text, whether they end in LF, CR LF or CR, or not at all. */
export function textLines(text: string): TextLine[] {
  const lines: TextLine[] = [];
  for (const match of text.matchAll(/([^\r\n]*)(?:\r\n|[\r\n]|$)/g)) {
    const [whole, content = ""] = match;
    const [number, start] = [lines.length + 1, match.index];
    lines.push({ text: content, number, start, end: start + whole.length });
  }
  return lines;
}

/** Whether there is nothing in a text to be seen. */
export function isBlank(text: string): boolean {
  return /^[ \t\v\f\r\n\0]*$/.test(text);
}

/**
 * Blanks of Unicode and marks of a byte order, as they come along with what is
 * copied from pages or put together from files, as plain blanks.
 *
 * @param text UTF-8, a character for each byte
 */
export function plainBlanks(text: string): string {
  return text.replaceAll(
    /\xc2\xa0|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xef\xbb\xbf/g,
    " ",
  );
}

/** Each byte as the character of its number, so that nothing is lost. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
