/**
 * Splits bytes into lines of text.
 *
 * @module
 */

/** A line of a text. */
export interface TextLine {
  /** Its content, without the line end. */
  text: string;
  /** Its number, from 1. */
  number: number;
  /** Offset of its start in the text. */
  start: number;
  /** Offset of the next line's start. */
  end: number;
}

/** Splits a text at LF, CR LF or CR. */
export function textLines(text: string): TextLine[] {
  const lines: TextLine[] = [];
  for (const match of text.matchAll(/([^\r\n]*)(?:\r\n|[\r\n]|$)/g)) {
    const [whole, content = ""] = match;
    const [number, start] = [lines.length + 1, match.index];
    lines.push({ text: content, number, start, end: start + whole.length });
  }
  return lines;
}

/** Whether a text has only blanks and NULs. */
export function isBlank(text: string): boolean {
  return /^[ \t\v\f\r\n\0]*$/.test(text);
}

/**
 * Replaces Unicode blanks and byte order marks, which copying from pages or
 * joining files brings in, by plain blanks.
 *
 * @param text UTF-8, a character for each byte
 */
export function plainBlanks(text: string): string {
  return text.replaceAll(
    /\xc2\xa0|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xef\xbb\xbf/g,
    " ",
  );
}

/** Maps each byte to the character of its number, without loss. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The start of a key in Base64, PEM, hex digits, raw bytes or OpenSSH's form. */
export const KEY_BEGINNING: RegExp =
  /^\s*(?:MI[A-Z]|-----BEGIN |308[0-9]|0[\x80-\xff]|ssh-)/;

/** The start of a key in raw bytes. */
export const RAW_KEY_BEGINNING: RegExp = /^0[\x80-\xff]/;
