/**
 * Segments text into characters as readers see them, and measures their width
 * in cells.
 *
 * @module
 */

import stringWidth from "string-width";

/** Maximum length of a character in UTF-16 units; further marks are cut. */
const MOST_UNITS = 32;
const ASCII = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Splits a text into characters. */
export function graphemes(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Width of a text in cells. */
export function cells(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** Cuts excess combining marks of a character. */
export function bounded(grapheme: string): string {
  return grapheme.length <= MOST_UNITS
    ? grapheme
    : grapheme.slice(0, MOST_UNITS).toWellFormed();
}

/** Cuts a text to at most `width` cells, with "…" at the cut. */
export function cut(text: string, width: number): string {
  if (cells(text) <= width) return text;
  if (width < 1) return "";
  let head = "";
  let taken = 0;
  for (const grapheme of graphemes(text)) {
    taken += cells(grapheme);
    if (taken > width - 1) break;
    head += grapheme;
  }
  return `${head}…`;
}

/** Cuts a text or fills it with spaces, to exactly `width` cells. */
export function fit(text: string, width: number): string {
  const shown = cut(text, width);
  return shown + " ".repeat(Math.max(0, width - cells(shown)));
}
