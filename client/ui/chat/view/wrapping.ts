import { bounded, cells, graphemes } from "./graphemes.ts";

const ASCII = /^[\x20-\x7e]*$/;

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
