/**
 * Rows of the screen: pieces of text, each with a tone that the view styles.
 * Text is measured in cells, cut and wrapped by characters as readers see them.
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

/** A row of a wrapped line. */
export interface WrappedRow {
  text: string;
  /** Start within the line in UTF-16 units. */
  start: number;
}

/**
 * Breaks a line into rows of at most `width` cells: after a space if there is
 * one, else within a word, never within a character. The rows together hold the
 * whole line, so that every cursor position has a row.
 */
export function wrapLine(line: string, width: number): WrappedRow[] {
  const rows: WrappedRow[] = [];
  let row = { text: "", start: 0 };
  let taken = 0;
  let breakAt = 0;
  let at = 0;
  for (const grapheme of graphemesOf(line)) {
    const wide = cells(grapheme);
    // A space may exceed the end of a row: it is invisible.
    while (taken + wide > width && row.text !== "" && grapheme !== " ") {
      const split = breakAt > 0 ? breakAt : row.text.length;
      const rest = row.text.slice(split);
      rows.push({ text: row.text.slice(0, split), start: row.start });
      row = { text: rest, start: row.start + split };
      taken = cells(rest);
      breakAt = 0;
    }
    row.text += grapheme;
    taken += wide;
    at += grapheme.length;
    if (grapheme === " ") breakAt = at - row.start;
  }
  rows.push(row);
  return rows;
}

/** Segments a line; skips the segmenter for ASCII. */
function graphemesOf(line: string): Iterable<string> {
  return ASCII.test(line) ? line : graphemes(line);
}

/** Breaks lines into printable rows of at most `width` cells. */
export function wrapText(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) =>
    wrapLine(line, width).map(({ text }) =>
      graphemes(text.trimEnd()).map(bounded).join("")
    )
  );
}

/** The role of a piece of text, which determines its style. */
export type Tone =
  | "plain"
  | "dim"
  | "strong"
  | "mine"
  | "theirs"
  | "notice"
  | "alarm"
  | "bar"
  | "barGood"
  | "barWarning"
  | "barAlarm"
  | "selected"
  | "link"
  | "match";

/** Where a piece of text leads. */
export interface Link {
  /** The same for all parts of a link. */
  id: string;
  /** In printable ASCII. */
  href: string;
}

/** A piece of text without controls. */
export interface Span {
  text: string;
  tone: Tone;
  link?: Link;
}

/** A row from left to right. */
export type Row = readonly Span[];

/** Makes a piece of text. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** Cuts a row to at most `width` cells. */
export function cutRow(row: Row, width: number): Row {
  const kept: Span[] = [];
  let left = width;
  for (const span of row) {
    if (left <= 0) break;
    const text = cut(span.text, left);
    kept.push({ ...span, text });
    left -= cells(text);
  }
  return kept;
}

/** Cuts a row or fills it with spaces of a tone, to exactly `width` cells. */
export function fitRow(row: Row, width: number, tone: Tone = "plain"): Row {
  const kept = cutRow(row, width);
  const taken = kept.reduce((sum, { text }) => sum + cells(text), 0);
  return taken < width ? [...kept, span(fit("", width - taken), tone)] : kept;
}

/** The text of a row. */
export function textOf(row: Row): string {
  return row.map(({ text }) => text).join("");
}
