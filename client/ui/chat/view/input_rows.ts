import type { Editor } from "../input/editor.ts";
import { cells } from "./graphemes.ts";
import { wrapLine, type WrappedRow } from "./wrapping.ts";

/** The input line as it is shown. */
export interface InputRows {
  /** One to `most` rows. */
  rows: string[];
  /** The cursor's cell, from the first of the rows. */
  cursor: { x: number; y: number };
}

/** The rows of a text around the cursor, `most` at most, each in at most `width` cells. */
export function inputRows(
  { text, cursor }: Editor,
  width: number,
  most: number,
): InputRows {
  // A tab is one cell here, so that places in the text and on the row agree.
  const lines = text.replaceAll("\t", " ").split("\n");
  let line = 0;
  let column = cursor;
  while (column > (lines[line] ?? "").length && line < lines.length - 1) {
    column -= (lines[line] ?? "").length + 1;
    line++;
  }
  // One cell stays free for a cursor behind the last character.
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
    // Spaces that hang over the end of a row aren't seen.
    rows: all.slice(first, first + most).map((shown) =>
      cells(shown.text) < width ? shown.text : shown.text.trimEnd()
    ),
    cursor: {
      x: Math.min(width - 1, cells(row.text.slice(0, column - row.start))),
      y: y - first,
    },
  };
}
