/**
 * What stands on a row of the screen: pieces of text, each in a tone. How a
 * tone looks is up to the view.
 *
 * @module
 */

import { cells, cut, fit } from "./graphemes.ts";

/** What a piece of text is, for its looks. */
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

/** A row, from left to right. */
export type Row = readonly Span[];

/** A piece of text in a tone. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** A row cut to at most `width` cells. */
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

/** A row in exactly `width` cells: cut, or filled with spaces of a tone. */
export function fitRow(row: Row, width: number, tone: Tone = "plain"): Row {
  const kept = cutRow(row, width);
  const taken = kept.reduce((sum, { text }) => sum + cells(text), 0);
  return taken < width ? [...kept, span(fit("", width - taken), tone)] : kept;
}

/** A row's text alone. */
export function textOf(row: Row): string {
  return row.map(({ text }) => text).join("");
}
