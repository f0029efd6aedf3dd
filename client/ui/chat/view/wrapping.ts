import { bounded, cells, graphemes } from "./graphemes.ts";

const ASCII = /^[\x20-\x7e]*$/;

/** A row of a wrapped line. */
export interface WrappedRow {
  /** What it shows. */
  text: string;
  /** Where it starts in the line, in UTF-16 units. */
  start: number;
}

/**
 * Breaks one line into rows of at most `width` cells: after a space where
 * there is one, else within a word, never within a character. The rows
 * together hold the whole line, so that a cursor has a place in each of them.
 */
export function wrapLine(line: string, width: number): WrappedRow[] {
  const rows: WrappedRow[] = [];
  let row = { text: "", start: 0 };
  let taken = 0;
  let breakAt = 0;
  let at = 0;
  for (const grapheme of graphemesOf(line)) {
    const wide = cells(grapheme);
    // A space at the end of a row may hang over it: it isn't seen.
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

/** Splitting ASCII is all that a long line of it needs. */
function graphemesOf(line: string): Iterable<string> {
  return ASCII.test(line) ? line : graphemes(line);
}

/** The lines of a text as rows of at most `width` cells, ready to be shown. */
export function wrapText(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) =>
    wrapLine(line, width).map(({ text }) =>
      graphemes(text.trimEnd()).map(bounded).join("")
    )
  );
}
