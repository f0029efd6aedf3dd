/**
 * Text with marked parts: links, and what a search has found.
 *
 * @module
 */

import {
  bounded,
  graphemes,
  type Link,
  type Row,
  type Span,
  type Tone,
  wrapLine,
} from "./rows.ts";

/** A marked part of a line. */
export interface Mark {
  /** In UTF-16 units. */
  start: number;
  end: number;
  /** Its tone in place of the line's. */
  tone: Tone;
  link?: Link;
}

/** Breaks a line into rows of at most `width` cells; later marks cover earlier ones. */
export function wrapMarked(
  line: string,
  marks: readonly Mark[],
  width: number,
  tone: Tone,
): Row[] {
  return wrapLine(line, width).map(({ text, start }) =>
    markedRow(text.trimEnd(), marks, tone, start)
  );
}

/**
 * Splits a text at its marks, never within a character.
 *
 * @param offset start of the text within the line of the marks
 */
export function markedRow(
  text: string,
  marks: readonly Mark[],
  tone: Tone,
  offset = 0,
): Row {
  const spans: Span[] = [];
  let at = offset;
  for (const grapheme of graphemes(text)) {
    const own = marks.filter(({ start, end }) => start <= at && at < end);
    const link = own.findLast(({ link }) => link !== undefined)?.link;
    const shown = own.at(-1)?.tone ?? tone;
    const last = spans.at(-1);
    if (last !== undefined && last.tone === shown && last.link === link) {
      last.text += bounded(grapheme);
    } else {
      spans.push({
        text: bounded(grapheme),
        tone: shown,
        ...link === undefined ? {} : { link },
      });
    }
    at += grapheme.length;
  }
  return spans.length === 0 ? [{ text: "", tone }] : spans;
}
