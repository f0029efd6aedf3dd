/**
 * Text as a terminal's cells: what a reader takes for one character, and how
 * wide it is.
 *
 * @module
 */

import stringWidth from "string-width";

/** UTF-16 units of a character that are shown; marks beyond are left out. */
const MOST_UNITS = 32;
const ASCII = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The characters of a text as a reader sees them. */
export function graphemes(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** How many cells of a terminal a text takes. */
export function cells(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** A character without the marks that nobody could tell apart any more. */
export function bounded(grapheme: string): string {
  return grapheme.length <= MOST_UNITS
    ? grapheme
    : grapheme.slice(0, MOST_UNITS).toWellFormed();
}

/** The beginning of a text in at most `width` cells, with "…" where it is cut. */
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

/** A text in exactly `width` cells: cut or filled with spaces. */
export function fit(text: string, width: number): string {
  const shown = cut(text, width);
  return shown + " ".repeat(Math.max(0, width - cells(shown)));
}
