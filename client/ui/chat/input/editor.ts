/**
 * The text of the input line with its cursor, as an immutable value.
 *
 * @module
 */

import { withoutControls } from "../../../../shared/cli/printable.ts";
import { graphemes } from "../view/rows.ts";

/** A text and a cursor. */
export interface Editor {
  readonly text: string;
  /** In UTF-16 units, never within a character. */
  readonly cursor: number;
}

/** An empty text. */
export const EMPTY: Editor = { text: "", cursor: 0 };

/** Makes a text with the cursor at its end. */
export function written(text: string): Editor {
  return { text, cursor: text.length };
}

/** Inserts text at the cursor, without controls except tab and newline. */
export function insert({ text, cursor }: Editor, added: string): Editor {
  const clean = withoutControls(added.replaceAll(/\r\n?/g, "\n"));
  const head = text.slice(0, cursor) + clean;
  return { text: head + text.slice(cursor), cursor: head.length };
}

/** A movement of the cursor. */
export type Motion =
  | "left"
  | "right"
  | "wordLeft"
  | "wordRight"
  | "lineStart"
  | "lineEnd"
  | "up"
  | "down";

/** Moves the cursor as far as possible. */
export function move(editor: Editor, motion: Motion): Editor {
  return { text: editor.text, cursor: target(editor, motion) };
}

/** Deletes the text between the cursor and the target of a motion. */
export function erase(editor: Editor, motion: Motion): Editor {
  const to = target(editor, motion);
  const [start, end] = to < editor.cursor
    ? [to, editor.cursor]
    : [editor.cursor, to];
  return {
    text: editor.text.slice(0, start) + editor.text.slice(end),
    cursor: start,
  };
}

function target({ text, cursor }: Editor, motion: Motion): number {
  const start = text.lastIndexOf("\n", cursor - 1) + 1;
  const end = endOfLine(text, cursor);
  const before = text.slice(cursor === 0 ? 0 : start, cursor);
  const after = text.slice(cursor, end);
  switch (motion) {
    case "lineStart":
      return cursor === 0 ? 0 : start;
    case "lineEnd":
      return end;
    case "left":
      // At the start of a line, moves before the newline.
      return Math.max(0, cursor - (graphemes(before).at(-1)?.length ?? 1));
    case "right":
      return Math.min(
        text.length,
        cursor + (graphemes(after)[0]?.length ?? 1),
      );
    case "wordLeft":
      return before === ""
        ? Math.max(0, cursor - 1)
        : cursor - (/\S*\s*$/u.exec(before)?.[0].length ?? 0);
    case "wordRight":
      return after === ""
        ? Math.min(text.length, cursor + 1)
        : cursor + (/^\s*\S*/u.exec(after)?.[0].length ?? 0);
    case "up":
      return cursor === 0 || start === 0 ? cursor : sameColumn(
        text,
        text.lastIndexOf("\n", start - 2) + 1,
        graphemes(before).length,
      );
    case "down":
      return end === text.length
        ? cursor
        : sameColumn(text, end + 1, graphemes(before).length);
  }
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline;
}

function sameColumn(text: string, start: number, column: number): number {
  const line = text.slice(start, endOfLine(text, start));
  return start + graphemes(line).slice(0, column).join("").length;
}
