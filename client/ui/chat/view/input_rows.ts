import type { Editor } from "../input/editor.ts";
import { cells } from "./graphemes.ts";
import { wrapLine, type WrappedRow } from "./wrapping.ts";

/** The laid out input line. */
export interface InputRows {
  /** One to `most` rows. */
  rows: string[];
  /** Cell of the cursor, relative to the first row. */
  cursor: { x: number; y: number };
}

/** Lays out at most `most` rows of `width` cells around the cursor. */
export function inputRows(
  { text, cursor }: Editor,
  width: number,
  most: number,
): InputRows {
  // A tab takes one cell, so that positions in the text and on the row agree.
  const lines = text.replaceAll("\t", " ").split("\n");
  let line = 0;
  let column = cursor;
  while (column > (lines[line] ?? "").length && line < lines.length - 1) {
    column -= (lines[line] ?? "").length + 1;
    line++;
  }
  // Leaves a cell for the cursor after the last character.
  const wrap = (at: number) =>
    wrapLine(lines[at] ?? "", Math.max(1, width - 1));
  const own = wrap(line);
  const inOwn = own.findLastIndex(({ start }) => start <= column);
  const row = own[inOwn] as WrappedRow;
  const before: WrappedRow[] = [];
  for (let at = line - 1; at >= 0 && before.length < most; at--) {
    before.unshift(...wrap(at));
  }
  const after: WrappedRow[] = [];
  for (let at = line + 1; at < lines.length && after.length < most; at++) {
    after.push(...wrap(at));
  }
  const all = [...before, ...own, ...after];
  const y = before.length + inOwn;
  const first = Math.max(
    0,
    Math.min(y - most + 1 + (most > 2 ? 1 : 0), all.length - most),
  );
  return {
    // Cuts spaces beyond the end of a row.
    rows: all.slice(first, first + most).map((shown) =>
      cells(shown.text) < width ? shown.text : shown.text.trimEnd()
    ),
    cursor: {
      x: Math.min(width - 1, cells(row.text.slice(0, column - row.start))),
      y: y - first,
    },
  };
}
