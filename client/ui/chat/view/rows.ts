/**
 * Rows of the screen: pieces of text, each with a tone that the view styles.
 *
 * @module
 */

import { cells, cut, fit } from "./graphemes.ts";

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
  | "selected";

/** A piece of text without controls. */
export interface Span {
  text: string;
  tone: Tone;
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
  for (const { text, tone } of row) {
    if (left <= 0) break;
    const shown = cut(text, left);
    kept.push({ text: shown, tone });
    left -= cells(shown);
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
