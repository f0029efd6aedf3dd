/**
 * The text that is being written and the place in it: a value, and what keys
 * make of it.
 *
 * @module
 */

import { withoutControls } from "../../../../shared/cli/printable.ts";
import { graphemes } from "../view/graphemes.ts";

/** A text and a place in it, in UTF-16 units, never within a character. */
export interface Editor {
  /** What is written, with its newlines. */
  readonly text: string;
  /** 0 to the text's length. */
  readonly cursor: number;
}

/** Nothing written. */
export const EMPTY: Editor = { text: "", cursor: 0 };

/** A text with the cursor at its end. */
export function written(text: string): Editor {
  return { text, cursor: text.length };
}

/** Puts text in at the cursor. Controls but for tab and newline are left out. */
export function insert({ text, cursor }: Editor, added: string): Editor {
  const clean = withoutControls(added.replaceAll(/\r\n?/g, "\n"));
  const head = text.slice(0, cursor) + clean;
  return { text: head + text.slice(cursor), cursor: head.length };
}

/** What moves the cursor. */
export type Motion =
  | "left"
  | "right"
  | "wordLeft"
  | "wordRight"
  | "lineStart"
  | "lineEnd"
  | "up"
  | "down";

/** Moves the cursor; it stays where there is nowhere to go. */
export function move(editor: Editor, motion: Motion): Editor {
  return { text: editor.text, cursor: target(editor, motion) };
}

/** Takes out what lies between the cursor and where a motion would bring it. */
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
      // Before the first character of a line comes the newline before it.
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
